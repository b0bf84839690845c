# Takes back what install.ps1 set, and nothing else. Run as the user, as often as you like.
$ErrorActionPreference = 'Stop'
$key = 'HKCU:\Software\Microsoft\Office\16.0\Outlook\AutoDiscover'
$file = Join-Path $env:LOCALAPPDATA 'mailwright\outlook-autodiscover\both.example.xml'
$domains = @(
    'both.example',
    'beide.example'
)
try {
    if (Test-Path -LiteralPath $key) {
        foreach ($domain in $domains) {
            Remove-ItemProperty -LiteralPath $key -Name $domain -ErrorAction SilentlyContinue
        }
        # The files of other domains are named by values with a dot in their name; they still want it.
        $others = @((Get-Item -LiteralPath $key).Property | Where-Object { $_.Contains('.') })
        if ($others.Count -eq 0) {
            Remove-ItemProperty -LiteralPath $key -Name 'PreferLocalXML' -ErrorAction SilentlyContinue
        }
    }
    Remove-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue
} catch {
    [Console]::Error.WriteLine($_)
    exit 1
}
exit 0
