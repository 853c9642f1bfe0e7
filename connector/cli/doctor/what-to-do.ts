/**
 * What to do about an event of the log that came without a hint: of an error of somebody else's only the name is known, so this goes by
 * what the connector was at.
 */
const BY_EVENT: Record<string, string> = {
  'capture.fault': 'look whether the POS and its database run and answer; it is tried again by itself',
  'reconcile.fault': 'look at the POS and the edge above; it begins again by itself, and "tillbridge-connector reconcile" shows how far it comes. Until one ends, what slipped past the capture is not repaired',
  'delivery.fault': 'nothing was taken, and the edge tells it again; when it stays, send its makers the archive of "diag" with the log',
  'journal.cannot-write': 'free disk space, and look whether the disk is mounted read-only: orders are refused meanwhile',
  'journal.upkeep-fault': 'look at the disk of the journal; finished orders keep their content for longer until it succeeds',
  'feed.undecided': 'tell the operator, who decides about the held feed again',
  'desk.fault': 'the staff load the page again; when it stays, send its makers the archive of "diag" with the log',
  'desk.tap-failed': 'the staff look whether the order has moved and tap again; look whether the POS answers',
  'desk.wrong-pin': 'nothing, when the staff mistyped; otherwise somebody in the shop\'s network guesses, and desk.host can be narrowed',
  'desk.foreign-page': 'look which page in a browser of the shop tries to press the desk\'s buttons; nothing was done',
}

export const whatToDo = ({ event, hint }: { event: string; hint?: string | undefined }): string => hint ?? BY_EVENT[event] ?? 'see "tillbridge-connector docs store-it", "The log"'
