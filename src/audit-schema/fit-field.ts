import type { AuditField, Canonicalize } from "./audit-schema.ts";
import { displayText, verifiableText } from "./audit-text.ts";
import { timeText } from "./read-text.ts";
import { fitsBytes, utf8Bytes } from "./utf8.ts";

const ellipsis = "…";

/** Fields of these names are parsed by Pangea's SDK where they hold JSON. */
const parsed: ReadonlySet<string> = new Set(["message", "new", "old"]);

/** A value as a field takes it; `undefined` if the field is of another type. */
export function fitField(
  id: string,
  { type, maxBytes }: Required<Pick<AuditField, "type" | "maxBytes">>,
  value: unknown,
  canonicalize: Canonicalize,
): string | number | boolean | undefined {
  switch (type) {
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "integer":
      return Number.isSafeInteger(value) ? (value as number) : undefined;
    case "datetime":
      return value instanceof Date || typeof value === "string" ? timeText(value) : undefined;
    case "string":
    case "string-unindexed":
    case "text":
      if (typeof value !== "string") return undefined;
      return parsed.has(id)
        ? verifiableText(value, maxBytes, canonicalize).text
        : cutVisibly(value, maxBytes);
  }
}

function cutVisibly(text: string, maxBytes: number): string {
  if (fitsBytes(text, maxBytes)) return displayText(text, maxBytes);
  const room = maxBytes - utf8Bytes(ellipsis);
  return room > 0 ? displayText(text, room) + ellipsis : displayText(text, maxBytes);
}
