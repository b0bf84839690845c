# Installed: exit code 0 and a line. Not installed: exit code 1.
$ErrorActionPreference = 'Stop'
$setup = 'HKCU:\Software\Microsoft\Office\16.0\Outlook\Setup'
$done = 'HKCU:\Software\mailwright\intune-win32-prf'
$address = 'o''neil@both.example'
try {
    $values = Get-ItemProperty -LiteralPath $done
    if ($values.$address) {
        Write-Output 'installed'
        exit 0
    }
} catch {
    exit 1
}
exit 1
