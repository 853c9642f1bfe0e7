import { setFlagsFromString } from 'node:v8'

/**
 * The connector stands beside a till on a small machine, and has little to compute. V8's way of letting garbage grow to several times what is
 * in use buys speed that nobody needs here: of a catalogue of 10,000 items it kept 160 MB for 35 in use (bench/README.md). So garbage is
 * collected sooner. Set before anything is loaded that fills the heap; a later V8 that has no such flags says so on stderr and goes on.
 */
setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=25')
