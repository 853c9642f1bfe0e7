/** How a connector becomes a Windows service. Node itself does not speak the service manager's protocol, so a wrapper stands between. */
export function windowsSteps({ name, node, program, configFile }: { name: string; node: string; program: string; configFile: string }): string {
  return `As a Windows service (in PowerShell, as administrator). Node is no service by itself: "sc create" with node.exe is ended after
30 seconds. NSSM (https://nssm.cc) is a wrapper for such programs; WinSW or shawl do as well.

  nssm install ${name} "${node}" "${program}" run --config "${configFile}"
  nssm set ${name} AppDirectory "%ProgramData%\\Tillbridge"
  nssm set ${name} ObjectName "NT AUTHORITY\\LocalService" ""
  nssm set ${name} AppStderr "%ProgramData%\\Tillbridge\\connector.log"
  nssm set ${name} AppRotateFiles 1
  nssm set ${name} AppRotateBytes 10000000
  nssm set ${name} AppStopMethodConsole 30000      Ctrl-C ends it in good order
  nssm set ${name} AppExit Default Restart
  nssm set ${name} AppExit 2 Exit                  a wrong configuration is not tried again
  nssm set ${name} AppExit 3 Exit                  nor a store that another connector holds
  nssm set ${name} AppExit 5 Exit                  nor a journal that cannot be opened
  nssm set ${name} AppExit 11 Exit                 nor a Node that is too old
  icacls "%ProgramData%\\Tillbridge" /inheritance:r /grant:r "*S-1-5-32-544:(OI)(CI)F" "*S-1-5-19:(OI)(CI)M"
  nssm start ${name}

The last but one line gives the folder with configuration, secret and journal to administrators and the service alone: keep all
three there. These steps were written from the documentation of Windows and NSSM; the connector's tests run on Linux.`
}
