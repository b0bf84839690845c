-- What wrk asks in benches/serve.sh, each time for another address; made before the first request, so
-- that making it is no part of the measurement.
--
--   wrk … -s serve.lua URL -- autoconfig|autodiscover|profile|domains NUMBER [PAUSE]
--
-- NUMBER: of addresses, or of domains. PAUSE: milliseconds that a connection waits on average before it
-- asks again; how long each time is by chance (exponential), as from clients that know nothing of each other.

local REQUESTS = 20000
local requests, next_one, pause = {}, 0, nil

local OUTLOOK_ASKS = [[<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
  <Request>
    <EMailAddress>%s</EMailAddress>
    <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
  </Request>
</Autodiscover>]]

local make = {
    autoconfig = function(n)
        local path = "/mail/config-v1.1.xml?emailaddress=user%05d%%40both.example"
        return wrk.format("GET", path:format(n), { Host = "autoconfig.both.example" })
    end,
    autodiscover = function(n)
        local body = OUTLOOK_ASKS:format(("user%05d@both.example"):format(n))
        local headers = { Host = "autodiscover.both.example", ["Content-Type"] = "text/xml" }
        return wrk.format("POST", "/autodiscover/autodiscover.xml", headers, body)
    end,
    profile = function(n)
        local path = "/user%05d@both.example.mobileconfig"
        return wrk.format("GET", path:format(n), { Host = "both.example" })
    end,
    domains = function(n)
        local domain = ("p%06d.example"):format(n)
        local path = "/mail/config-v1.1.xml?emailaddress=ann%40" .. domain
        return wrk.format("GET", path, { Host = "autoconfig." .. domain })
    end,
}

function init(arguments)
    local kind, number = arguments[1], tonumber(arguments[2])
    pause = tonumber(arguments[3])
    math.randomseed(1)
    for i = 1, REQUESTS do
        requests[i] = make[kind](math.random(0, number - 1))
    end
    if pause then
        -- wrk asks for it only where there is one.
        function delay()
            local time = -pause * math.log(1 - math.random())
            return math.floor(time + math.random())
        end
    end
end

function request()
    next_one = next_one % REQUESTS + 1
    return requests[next_one]
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(("result %d %d %d %d %d\n"):format(
        summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout
    ))
end
