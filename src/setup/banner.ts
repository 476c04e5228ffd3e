import { relative } from "node:path";
import { getSlot } from "../slot.ts";
import type { AuthlogConfig } from "./config.ts";
import type { OpenDestination, Place } from "./destination.ts";

/**
 * Prints, once a process and place, where events go and how to see them. On stderr, since stdout is
 * the app's. A destination that cannot take events has its own diagnostic.
 */
export async function announce(
  { banner }: AuthlogConfig,
  { place, ready }: OpenDestination,
): Promise<void> {
  if (!banner.value || place.kind === "none" || !(await ready)) return;
  const { announced } = getSlot();
  const line = bannerOf(place);
  if (announced.has(line)) return;
  announced.add(line);
  process.stderr.write(`${line}\n`);
}

function bannerOf(place: Exclude<Place, { kind: "none" }>): string {
  if (place.kind === "remote") return `authlog: events go to ${place.url}`;
  const path = relative(process.cwd(), place.path);
  const shown = path.startsWith("..") ? place.path : path;
  const variable = shown === ".authlog/ledger.db" ? "" : `AUTHLOG_LEDGER_PATH=${quoted(shown)} `;
  return `authlog: events go to ${shown} · ${variable}npx authlog tail`;
}

/** For a POSIX shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
