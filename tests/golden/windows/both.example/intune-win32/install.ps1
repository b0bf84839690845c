# Outlook takes the settings for these domains from a file on this PC. Run as the user, as often as you like.
$ErrorActionPreference = 'Stop'
$key = 'HKCU:\Software\Microsoft\Office\16.0\Outlook\AutoDiscover'
$file = Join-Path $env:LOCALAPPDATA 'mailwright\outlook-autodiscover\both.example.xml'
$domains = @(
    'both.example',
    'beide.example'
)
try {
    New-Item -ItemType Directory -Force -Path (Split-Path -Parent $file) | Out-Null
    Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'autodiscover.xml') -Destination $file -Force
    if (-not (Test-Path -LiteralPath $key)) {
        New-Item -Path $key -Force | Out-Null
    }
    New-ItemProperty -LiteralPath $key -Name 'PreferLocalXML' -PropertyType DWord -Value 1 -Force | Out-Null
    foreach ($domain in $domains) {
        New-ItemProperty -LiteralPath $key -Name $domain -PropertyType String -Value $file -Force | Out-Null
    }
} catch {
    [Console]::Error.WriteLine($_)
    exit 1
}
exit 0
