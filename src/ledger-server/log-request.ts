import * as v from "valibot";
import { canonicalJson, type JsonValue } from "../canonical/canonical-json.ts";
import type { AppendItem } from "../ledger/envelope.ts";
import { keysOf } from "../ledger/event-keys.ts";
import { parseMicros } from "../time.ts";
import type { EventField, EventSchema } from "./event-schema.ts";
import { isNestedDeeper } from "./nesting.ts";
import { checked, text, textOf } from "./validation.ts";

/** Most events in one bulk request (`maxItems` in the OpenAPI document). */
const maxEvents = 1_000;

/** Bodies of `v1/log`. */
export interface LogRequest {
  item: AppendItem;
  verbose: boolean;
  prevRoot?: string;
}

/** Bodies of `v2/log`. */
export interface BulkLogRequest {
  items: AppendItem[];
  verbose: boolean;
}

/** The schemas of both log requests, for one schema of events. */
export function logRequestSchemas(eventSchema: EventSchema): {
  single: v.GenericSchema<unknown, LogRequest>;
  bulk: v.GenericSchema<unknown, BulkLogRequest>;
} {
  // What is read has its members in the schema's order: sorted here, they need not be each time.
  const fields = Object.entries(eventSchema.fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const event = v.strictObject(
    Object.fromEntries(fields.map(([name, field]) => [name, fieldSchema(field)])),
  );
  const signed = {
    event,
    signature: v.optional(textOf(256)),
    public_key: v.optional(textOf(256)),
  };
  const common = { config_id: v.optional(text), verbose: v.optional(v.boolean(), false) };
  const prevRoot = v.pipe(v.string(), v.regex(/^[a-z0-9]{64}/));
  return {
    single: v.pipe(
      v.strictObject({ ...common, ...signed, prev_root: v.optional(prevRoot) }),
      v.transform(({ verbose, prev_root, ...rest }) => ({
        item: toItem(rest, eventSchema),
        verbose,
        ...(prev_root !== undefined && { prevRoot: prev_root }),
      })),
    ),
    bulk: v.pipe(
      v.strictObject({
        ...common,
        events: v.pipe(
          v.array(v.unknown()),
          // The count is checked before the events are: a million of them are not worth a look.
          v.minLength(1),
          v.maxLength(maxEvents),
          v.array(v.strictObject(signed)),
        ),
      }),
      v.transform(({ verbose, events }) => ({
        items: events.map((item) => toItem(item, eventSchema)),
        verbose,
      })),
    ),
  };
}

function fieldSchema({ type, maxBytes, required }: EventField): v.GenericSchema {
  const field = valueSchema(type, maxBytes);
  return required ? field : v.optional(field);
}

function valueSchema(type: EventField["type"], maxBytes: number): v.GenericSchema {
  switch (type) {
    case "boolean":
      return v.boolean();
    case "integer":
      return v.pipe(v.number(), v.integer());
    case "datetime":
      return v.pipe(textOf(maxBytes), nesting, dateTime);
    case "text":
      return v.pipe(textOf(maxBytes), nesting);
  }
}

/**
 * The SDK reads `message`, `new` and `old` as JSON and walks through them by recursion: one record
 * nested without end would make every search that finds it throw.
 */
const maxNesting = 100;

const nesting = checked<string>(
  (value) => !isNestedDeeper(value, maxNesting),
  "AboveMaxDepth",
  `must be nested ${maxNesting} levels at most, where it is JSON`,
);

const dateTime = checked<string>(
  (value) => parseMicros(value) !== undefined,
  "BadFormatDateTime",
  "must be a time of RFC 3339",
);

interface SignedEvent {
  event: Readonly<Record<string, unknown>>;
  signature?: string | undefined;
  public_key?: string | undefined;
}

function toItem(
  { event, signature, public_key }: SignedEvent,
  { uidPath }: EventSchema,
): AppendItem {
  return {
    // Canonical (RFC 8785): the members are sorted, there is nothing below them, texts are well-formed.
    event: JSON.stringify(event),
    ...(signature !== undefined && { signature }),
    ...(public_key !== undefined && { publicKey: canonicalIfObject(public_key) }),
    ...keysOf(event, uidPath),
  };
}

/** Pangea sorts the members of a key that is a JSON object; the SDK reads the PEM out of it. */
function canonicalIfObject(publicKey: string): string {
  const parsed = parseObject(publicKey);
  try {
    return parsed === undefined ? publicKey : canonicalJson(parsed);
  } catch {
    return publicKey;
  }
}

function parseObject(value: unknown): Readonly<Record<string, JsonValue>> | undefined {
  if (typeof value !== "string" || !value.startsWith("{")) return undefined;
  try {
    return JSON.parse(value) as Record<string, JsonValue>;
  } catch {
    return undefined;
  }
}
