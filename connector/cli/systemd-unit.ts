import { basename } from 'node:path'

/** What a unit must know. Paths are absolute. */
export type UnitFacts = {
  name: string
  storeId: string
  node: string
  program: string
  /** The configuration and the files it names: root keeps them for itself, and systemd hands them over under these names, side by side. */
  configFile: string
  credentials: readonly { name: string; file: string }[]
  /** Folders beside the state folder that are written to: of a till in a file, of a drop folder. */
  writable: readonly string[]
  /** An existing user instead of one that systemd makes; and a group that may read the till. */
  user: string | null
  group: string | null
  /** `NAME=value` for an outbound proxy or a company certificate authority. */
  environment: readonly string[]
}

/**
 * glibc gives each thread a heap of its own and returns little of it. The connector computes in one thread, and what SQLite and the network need beside it
 * fits one heap: forty megabytes less are resident with 100,000 items. Read before a program begins, so it cannot set it itself.
 */
export const SERVICE_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' }

/** `%` begins a specifier in every line of a unit. */
const literal = (text: string): string => text.replaceAll('%', '%%')
/** systemd splits words at spaces and knows its own escapes. `before` is a specifier that is meant. */
const word = (text: string, before = ''): string => (/[\s"'\\]/.test(text) ? `"${before}${literal(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : before + literal(text))
/** In a command line `$` stands for a variable, too, and nowhere else. */
const argument = (text: string, before = ''): string => word(text, before).replaceAll('$', '$$$$')
/** Not split into words: the name ends at the colon, and all that follows is the path. */
const credential = (name: string, file: string): string => `LoadCredential=${literal(name)}:${literal(file)}\n`

/**
 * A unit that may do nothing but what a connector does: read its configuration, keep its journal, speak TCP. What can never
 * mend itself (a wrong configuration, another connector that holds the store, a journal of the future) is not started again.
 */
export function systemdUnit({ name, storeId, node, program, configFile, credentials, writable, user, group, environment }: UnitFacts): string {
  // Of two with one name the last one holds: what store IT asks for.
  const settings = [...Object.entries(SERVICE_ENVIRONMENT).map(([key, value]) => `${key}=${value}`), ...environment]
  return `# Written by "tillbridge-connector install-service".
[Unit]
Description=Tillbridge connector of store ${storeId}
Wants=network-online.target
After=network-online.target time-sync.target mariadb.service postgresql.service
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${argument(node)} ${argument(program)} run --config ${argument(basename(configFile), '%d/')}
Restart=on-failure
RestartSec=10
# 2: the configuration is wrong. 3: another connector holds the store. 5: the journal cannot be opened. 11: Node is too old.
RestartPreventExitStatus=2 3 5 11
KillSignal=SIGTERM
TimeoutStopSec=30

${user === null ? 'DynamicUser=yes' : `User=${user}`}
${group === null ? '' : `SupplementaryGroups=${group}\n`}StateDirectory=${name}
StateDirectoryMode=0700
WorkingDirectory=%S/${name}
UMask=0077
${credential(basename(configFile), configFile)}${credentials.map(({ name: id, file }) => credential(id, file)).join('')}${writable.map((path) => `ReadWritePaths=${word(path)}\n`).join('')}${settings.map((pair) => `Environment=${word(pair)}\n`).join('')}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
CapabilityBoundingSet=
AmbientCapabilities=
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# No MemoryDenyWriteExecute: Node compiles while it runs.

[Install]
WantedBy=multi-user.target
`
}
