# Calls off an import that has not happened yet. An account that was imported stays; it is removed in Outlook.
$ErrorActionPreference = 'Stop'
$setup = 'HKCU:\Software\Microsoft\Office\16.0\Outlook\Setup'
$done = 'HKCU:\Software\mailwright\intune-win32-prf'
$address = 'o''neil@both.example'
$file = Join-Path $env:LOCALAPPDATA 'mailwright\outlook-prf\o''neil@both.example.prf'
try {
    $values = Get-ItemProperty -LiteralPath $setup -ErrorAction SilentlyContinue
    if ($values -and $values.ImportPRF -eq $file) {
        Remove-ItemProperty -LiteralPath $setup -Name 'ImportPRF'
    }
    Remove-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue
    Remove-ItemProperty -LiteralPath $done -Name $address -ErrorAction SilentlyContinue
} catch {
    [Console]::Error.WriteLine($_)
    exit 1
}
exit 0
