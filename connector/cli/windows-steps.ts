/** In PowerShell a text in single quotes is taken as it stands. */
const literal = (text: string): string => `'${text.replaceAll('\'', '\'\'')}'`
/** As a program's own command line is split into words. */
const argument = (text: string): string => (/[\s"]/.test(text) ? `"${text}"` : text)

/**
 * How a connector becomes a Windows service: Node itself does not speak the service manager's protocol, so a wrapper stands between. All of
 * it may be pasted into PowerShell, line by line: what is no command is a comment.
 */
export function windowsSteps({ name, node, program, configFile, environment }: { name: string; node: string; program: string; configFile: string; environment: readonly string[] }): string {
  const parameters = [program, 'run', '--config', configFile].map(argument).join(' ')
  return `# The connector as a Windows service. In PowerShell, opened as administrator; each line can be pasted as it stands.
# Node is no service by itself: one that "sc.exe create" makes of node.exe is ended after 30 seconds. NSSM (https://nssm.cc) is a
# wrapper for such programs, and must be in the path; WinSW or shawl do as well.
# These steps were written from the documentation of Windows and NSSM; the connector's tests run on Linux.

# 1. A folder for configuration, secret and journal, for administrators and the service alone. Keep all three in it.
New-Item -ItemType Directory -Force -Path "$env:ProgramData\\Tillbridge"
icacls.exe "$env:ProgramData\\Tillbridge" /inheritance:r /grant:r "*S-1-5-32-544:(OI)(CI)F" "*S-1-5-19:(OI)(CI)M"

# 2. The service. The arguments go into the registry directly, where quotes stay as they are.
nssm install ${name} ${literal(node)}
Set-ItemProperty -Path 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\${name}\\Parameters' -Name AppParameters -Type ExpandString -Value ${literal(parameters)}
nssm set ${name} AppDirectory "$env:ProgramData\\Tillbridge"
nssm set ${name} ObjectName LocalService
${environment.length === 0 ? '' : `nssm set ${name} AppEnvironmentExtra ${environment.map(literal).join(' ')}\n`}nssm set ${name} AppStderr "$env:ProgramData\\Tillbridge\\connector.log"
nssm set ${name} AppRotateFiles 1
nssm set ${name} AppRotateBytes 10000000
# Ctrl-C ends it in good order, and gets half a minute for it.
nssm set ${name} AppStopMethodConsole 30000
nssm set ${name} AppExit Default Restart
# Not tried again: a wrong configuration, a store that another connector holds, a journal that cannot be opened, a Node that is too old.
nssm set ${name} AppExit 2 Exit
nssm set ${name} AppExit 3 Exit
nssm set ${name} AppExit 5 Exit
nssm set ${name} AppExit 11 Exit

# 3. Start it, and see what it says. The service cannot enter somebody's own folder: Node, the connector and the configuration
#    (${configFile}) must be where the account LocalService may read.
nssm start ${name}
Get-Content -Wait "$env:ProgramData\\Tillbridge\\connector.log"`
}
