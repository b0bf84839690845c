# At its next start Outlook imports the profile file once, without asking. Run as the user, as often as you like.
$ErrorActionPreference = 'Stop'
$setup = 'HKCU:\Software\Microsoft\Office\16.0\Outlook\Setup'
$done = 'HKCU:\Software\mailwright\intune-win32-prf'
$address = 'o''neil@both.example'
$file = Join-Path $env:LOCALAPPDATA 'mailwright\outlook-prf\o''neil@both.example.prf'
try {
    $before = Get-ItemProperty -LiteralPath $done -ErrorAction SilentlyContinue
    if ($before -and $before.$address) {
        exit 0
    }
    $session = (Get-Process -Id $PID).SessionId
    if (Get-Process -Name 'outlook' -ErrorAction SilentlyContinue | Where-Object { $_.SessionId -eq $session }) {
        exit 1618
    }
    New-Item -ItemType Directory -Force -Path (Split-Path -Parent $file) | Out-Null
    Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'outlook.prf') -Destination $file -Force
    foreach ($key in $setup, $done) {
        if (-not (Test-Path -LiteralPath $key)) {
            New-Item -Path $key -Force | Out-Null
        }
    }
    # With either of these two there, Outlook ignores ImportPRF and says nothing.
    Remove-ItemProperty -LiteralPath $setup -Name 'First-Run' -ErrorAction SilentlyContinue
    Remove-ItemProperty -LiteralPath $setup -Name 'FirstRun' -ErrorAction SilentlyContinue
    New-ItemProperty -LiteralPath $setup -Name 'ImportPRF' -PropertyType String -Value $file -Force | Out-Null
    New-ItemProperty -LiteralPath $done -Name $address -PropertyType String -Value $file -Force | Out-Null
} catch {
    [Console]::Error.WriteLine($_)
    exit 1
}
exit 0
