import { relative } from "node:path";
import { getSlot } from "../slot.ts";
import type { AuthlogConfig } from "./config.ts";
import type { Place } from "./destination.ts";

/**
 * Prints, once a process and place, where events go and how to see them. On stderr, since stdout is
 * the app's. A place that cannot take events has its own diagnostic.
 */
export function announce({ banner }: AuthlogConfig, place: Place): void {
  if (!banner.value || place.kind === "none") return;
  const { announced } = getSlot();
  const line = bannerOf(place);
  if (announced.has(line)) return;
  announced.add(line);
  // oxlint-disable-next-line no-console -- for the people who run the app; unlike the stream it never throws
  console.warn(line);
}

function bannerOf(place: Exclude<Place, { kind: "none" }>): string {
  if (place.kind === "remote") return `authlog: events go to ${place.url}`;
  const path = relative(process.cwd(), place.path);
  const shown = path.startsWith("..") ? place.path : path;
  const option = shown === ".authlog/ledger.db" ? "" : ` --path ${quoted(shown)}`;
  return `authlog: events go to ${shown} · npx authlog tail${option}`;
}

/** For a POSIX shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
