import type { JournalSummary } from "../../delivery/journal/journal-view.ts";
import { plural } from "../../delivery/plural.ts";
import type { AuthlogConfig } from "../../setup/config.ts";
import { age } from "../journal/units.ts";
import { type Check, readme } from "./check.ts";
import type { JournalFinding } from "./read-journal.ts";

/** Events that wait longer than this wait for a receiver that does not answer, or for a process. */
const longMillis = 300_000;

const look = "npx authlog journal";

/** Whether events are kept until they are delivered, and are. */
export function journalChecks(
  finding: JournalFinding,
  { durability, production }: Pick<AuthlogConfig, "durability" | "production">,
  nowMillis: number,
): Check[] {
  if (durability.value === "memory") {
    return [
      checkMemory(production),
      // Where no folder can be, nothing is left.
      ...(finding.unreadable === "ENOTDIR" ? [] : checkUnreadable(finding)),
      ...checkLeft(finding, nowMillis),
      ...checkUnread(finding),
      ...checkDamaged(finding),
      ...checkDeadLetters(finding),
    ];
  }
  return [
    checkFolder(finding),
    ...checkUnreadable(finding),
    ...checkBacklog(finding, nowMillis),
    ...checkOwners(finding),
    ...checkUnread(finding),
    ...checkDamaged(finding),
    ...checkDeadLetters(finding),
  ];
}

function checkMemory(production: boolean): Check {
  return {
    id: "journal.durability",
    status: production ? "warn" : "ok",
    what: "Events wait in memory alone, and are lost with their process.",
    why: "AUTHLOG_DURABILITY=memory says so. On a disk they would outlive it.",
    ...(production && { hint: "export AUTHLOG_DURABILITY=process", link: readme("the-journal") }),
  };
}

/** What a run that kept a journal did not deliver: a process at memory takes over nothing. */
function checkLeft({ dir, summary }: JournalFinding, nowMillis: number): Check[] {
  if (summary === undefined || summary.total.depth === 0) return [];
  const delivered = summary.lanes.some(({ owner }) => owner === "living");
  const why = delivered
    ? `What waits is in ${dir}. A process that keeps a journal there lives, and delivers it; one at memory does not.`
    : `What waits is in ${dir}, where no process at memory looks. Start the app once with process, so that it is delivered; or look at it, and delete the folder.`;
  return [
    {
      id: "journal.left",
      status: "warn",
      what: `${waiting(summary, nowMillis, " in the journal")}, although durability is memory.`,
      why,
      hint: delivered ? look : "export AUTHLOG_DURABILITY=process",
      link: readme("the-journal"),
    },
  ];
}

/** How many events wait, and since when, as far as that can be read. */
function waiting({ total }: JournalSummary, nowMillis: number, where = ""): string {
  const { depth, oldestUnixMillis } = total;
  const oldest =
    oldestUnixMillis === undefined ? "" : `, the oldest for ${age(nowMillis - oldestUnixMillis)}`;
  return `${plural(depth, "event")} wait${depth === 1 ? "s" : ""}${where}${oldest}`;
}

function checkUnreadable({ dir, summary, unreadable }: JournalFinding): Check[] {
  if (summary !== undefined) return [];
  const what = "What lies in the journal cannot be read.";
  const why = unreadable === "ENOTDIR" ? `${dir} is no folder.` : `Another user may own ${dir}.`;
  return [{ id: "journal.backlog", status: "warn", what, why, hint: `ls -ld ${quoted(dir)}` }];
}

function checkFolder({ dir, network, unwritable, brokenLink }: JournalFinding): Check {
  const id = "journal.folder";
  const hint = "export AUTHLOG_JOURNAL_DIR=/var/lib/authlog/journal";
  if (network !== undefined) {
    const what = `The journal would be on a network file system (${network}), and is not used.`;
    const why = `${dir} is there; its locks and syncs may not be the kernel's. Use a disk of this machine.`;
    return { id, status: "fail", what, why, hint, link: readme("err_authlog_journal_network") };
  }
  if (brokenLink !== undefined) {
    const { path, target } = brokenLink;
    const what = "The journal cannot be written: events wait in memory alone.";
    const why = `${path} is a link to ${target}, which is not there. Make that folder, or take the link away.`;
    const link = readme("err_authlog_journal_unwritable");
    return { id, status: "fail", what, why, hint: `mkdir -p ${quoted(target)}`, link };
  }
  if (unwritable !== undefined) {
    const what = "The journal cannot be written: events wait in memory alone.";
    const why = `The system says ${unwritable} of ${dir}. The app needs a folder that it may write to.`;
    return { id, status: "fail", what, why, hint, link: readme("err_authlog_journal_unwritable") };
  }
  const what = `The journal can be written: ${dir}`;
  return { id, status: "ok", what, why: "It is on a disk of this machine." };
}

function checkBacklog({ summary }: JournalFinding, nowMillis: number): Check[] {
  const id = "journal.backlog";
  if (summary === undefined) return [];
  const { depth, oldestUnixMillis, confirmedUnixMillis } = summary.total;
  const last =
    confirmedUnixMillis === undefined
      ? "No delivery is on record."
      : `A delivery was last confirmed ${age(nowMillis - confirmedUnixMillis)} ago.`;
  if (depth === 0) return [{ id, status: "ok", what: "No event waits.", why: last }];
  const what = `${waiting(summary, nowMillis)}.`;
  // Where the oldest cannot be read, that it waits is all that is known.
  const isLong = oldestUnixMillis === undefined || nowMillis - oldestUnixMillis > longMillis;
  if (!isLong) return [{ id, status: "ok", what, why: last }];
  const why = `${last} Look at the destination, and whether the app runs.`;
  return [{ id, status: "warn", what, why, hint: look, link: readme("the-journal") }];
}

function checkOwners({ summary }: JournalFinding): Check[] {
  const forsaken = summary?.lanes.filter(({ owner, depth }) => owner === "none" && depth > 0) ?? [];
  if (forsaken.length === 0) return [];
  const depth = forsaken.reduce((sum, lane) => sum + lane.depth, 0);
  return [
    {
      id: "journal.owners",
      status: "warn",
      what: `${plural(depth, "event")} of ended processes wait${depth === 1 ? "s" : ""} for another process.`,
      why: "One that runs takes over within half a minute, and delivers; else the next that starts does.",
      hint: look,
      link: readme("the-journal"),
    },
  ];
}

function checkUnread({ summary }: JournalFinding): Check[] {
  const [first] = summary?.unread ?? [];
  if (summary === undefined || first === undefined) return [];
  const count = summary.unread.length;
  return [
    {
      id: "journal.unread",
      status: "warn",
      what: `A part of the journal cannot be read or taken over, in ${plural(count, "folder")}.`,
      why: `The system says ${first.reason} of ${first.path}. Another user may own it; or something else has the name of a file of the journal's.`,
      hint: `ls -l ${quoted(first.path)}`,
      link: readme("err_authlog_journal_unread"),
    },
  ];
}

function checkDamaged({ summary }: JournalFinding): Check[] {
  const [first] = summary?.damaged ?? [];
  if (summary === undefined || first === undefined) return [];
  const what = `The journal has kept ${plural(summary.damaged.length, "damaged file")}.`;
  const why =
    "Events could not be read, nor delivered. Look at the disk, and at who can write there; then what is kept may be deleted.";
  return [
    {
      id: "journal.damaged",
      status: "warn",
      what,
      why,
      hint: `ls -l ${quoted(`${summary.dir}/damaged`)}`,
      link: readme("err_authlog_journal_damaged"),
    },
  ];
}

function checkDeadLetters({ deadLetters, deadLetterPath }: JournalFinding): Check[] {
  if (deadLetters === 0) return [];
  return [
    {
      id: "journal.dead-letters",
      status: "warn",
      what: `${plural(deadLetters, "record")} ${deadLetters === 1 ? "was" : "were"} refused for good.`,
      why: `Each is kept in ${deadLetterPath} with its reason, and can be sent again.`,
      hint: "npx authlog deadletter list",
      link: readme("delivery-and-dead-letters"),
    },
  ];
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
