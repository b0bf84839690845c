// Plays the person at the browser, and a client that gets a token of its own.
//
// node browser.mjs '{"host", "port", "ca"}' approve CODE | deny CODE | open URL | token SCOPE
import { readFileSync } from 'node:fs';
import { request as http } from 'node:http';
import { request as https } from 'node:https';

const [, , settingsText, command, argument] = process.argv;
const settings = JSON.parse(settingsText);
const ca = readFileSync(settings.ca);
const cookies = new Map();
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const page = (path) => new URL(path, `https://${settings.host}`);

// One request; the provider is where the settings say, whatever its name.
function ask(url, fields) {
  const secure = url.protocol === 'https:';
  if (secure && url.hostname !== settings.host) throw new Error(`${url} is no page of the provider's`);
  const options = {
    method: fields ? 'POST' : 'GET',
    path: url.pathname + url.search,
    headers: { host: url.host, ...(fields && form) },
    timeout: 20000,
  };
  if (secure) {
    Object.assign(options, { host: '127.0.0.1', port: settings.port, servername: url.hostname, ca });
    options.headers.cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  } else {
    Object.assign(options, { host: url.hostname, port: url.port });
  }
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http)(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => (text += part));
      response.on('error', reject);
      response.on('end', () => resolve({ url, text, status: response.statusCode, headers: response.headers }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url}`)));
    request.on('error', reject);
    request.end(fields && new URLSearchParams(fields).toString());
  });
}

function keep(line) {
  const [pair, ...attributes] = line.split(';').map((part) => part.trim());
  const [name, value] = pair.split(/=(.*)/s);
  const expires = attributes.find((part) => /^expires=/i.test(part));
  if (expires && new Date(expires.slice(8)) < new Date()) cookies.delete(name);
  else cookies.set(name, value);
}

// A page as a browser gets it: with cookies, and through every redirect.
async function visit(url, fields) {
  for (let hops = 0; hops < 20; hops += 1) {
    const answer = await ask(url, fields);
    (answer.headers['set-cookie'] ?? []).forEach(keep);
    if (answer.status < 300 || answer.status >= 400) return answer;
    [url, fields] = [new URL(answer.headers.location, url), undefined];
  }
  throw new Error('it redirects for ever');
}

function fine(answer) {
  if (answer.status !== 200) throw new Error(`${answer.url} ${answer.status}: ${answer.text}`);
  return answer;
}

// Enters the code, says yes or no on the page that shows it again, and reads what became of it.
async function enter(code, word, became) {
  const { text } = fine(await visit(page('/device')));
  const xsrf = /name="xsrf" value="(\w+)"/.exec(text)[1];
  const shown = fine(await visit(page('/device'), { xsrf, user_code: code }));
  if (!shown.text.includes(code)) throw new Error(`not the code that was entered: ${shown.text}`);
  const last = fine(await visit(page('/device'), { xsrf, user_code: code, [word]: 'yes' }));
  if (!last.text.includes(became)) throw new Error(`not "${became}": ${last.text}`);
}

const approve = (code) => enter(code, 'confirm', 'Sign-in Success');
const deny = (code) => enter(code, 'abort', 'interrupted');

async function token(scope) {
  const client = { client_id: 'mailwright-test' };
  const device = JSON.parse(fine(await ask(page('/device/auth'), { ...client, scope })).text);
  await approve(device.user_code);
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code };
  return JSON.parse(fine(await ask(page('/token'), { ...client, ...grant })).text).access_token;
}

const commands = {
  approve,
  deny,
  open: async (url) => fine(await visit(new URL(url))).text,
  token,
};
console.log((await commands[command](argument)) ?? 'done');
