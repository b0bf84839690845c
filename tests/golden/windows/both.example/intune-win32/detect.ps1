# Installed: exit code 0 and a line. Not installed: exit code 1.
$ErrorActionPreference = 'Stop'
$key = 'HKCU:\Software\Microsoft\Office\16.0\Outlook\AutoDiscover'
$file = Join-Path $env:LOCALAPPDATA 'mailwright\outlook-autodiscover\both.example.xml'
$domains = @(
    'both.example',
    'beide.example'
)
try {
    $values = Get-ItemProperty -LiteralPath $key
    $missing = @($domains | Where-Object { $values.$_ -ne $file })
    if ($values.PreferLocalXML -eq 1 -and $missing.Count -eq 0 -and (Test-Path -LiteralPath $file)) {
        Write-Output 'installed'
        exit 0
    }
} catch {
    exit 1
}
exit 1
