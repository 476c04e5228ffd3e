import type { AttributeValue } from "../slot.ts";
import { attributes as vocabulary } from "../vocabulary.ts";
import { guarded } from "./emit-event.ts";
import { readField } from "./read.ts";

/** What an app tells beside an event of its own: flat values under names of its own. */
export type OwnAttributes = Readonly<Record<string, AttributeValue | null | undefined>>;

/** How many attributes of its own an event can have, and how many texts a list. */
const maxAttributes = 32;
const maxItems = 16;

/** As OpenTelemetry names attributes, but for capitals. */
const shape = /^[a-z][a-z0-9_]*(?:[.-][a-z0-9_]+)*$/i;
const longestName = 64;

/** What authlog says, and what a schema says of the record beside its attributes. */
const taken: ReadonlySet<string> = new Set<string>([
  ...Object.values(vocabulary),
  "event.name",
  "service.name",
  "service.version",
  "span_id",
  "trace_id",
]);
const reserved = /^auth(?:log)?\./;

/** What is only ever the name of a secret, once capitals and separators are gone. */
const secretWords =
  /passw(?:or)?d|passphrase|passcode|secret|token|cookie|authorization|credential|apikey|privatekey|accesskey|signingkey|bearer|csrf|jwt/;
/** Words that name a secret alone, and not as a part of others, such as `shipping`. */
const secretParts: ReadonlySet<string> = new Set(["cvc", "cvv", "otp", "pin", "pwd"]);

/** The attributes that a record takes, and for each one that it does not, why not. */
export interface Admitted {
  attributes: Record<string, AttributeValue>;
  faults: string[];
}

/** Goes through what the app tells beside an event. Never throws, whatever is handed in. */
export function admitAttributes(given: unknown): Admitted {
  const admitted: Admitted = { attributes: {}, faults: [] };
  if (given === undefined || given === null) return admitted;
  if (typeof given !== "object") {
    admitted.faults.push("its attributes are no object");
    return admitted;
  }
  const names = guarded(() => Object.keys(given));
  if (names === undefined) admitted.faults.push("its attributes cannot be listed");
  let count = 0;
  for (const name of names ?? []) {
    const value = readField(given, name);
    // How an object says that a value is not there.
    if (value === undefined || value === null) continue;
    count += 1;
    if (count > maxAttributes) {
      admitted.faults.push(`it has more than ${maxAttributes} attributes`);
      break;
    }
    admit(name, value, admitted);
  }
  return admitted;
}

function admit(name: string, value: unknown, { attributes, faults }: Admitted): void {
  const flat = toAttributeValue(value);
  const fault = faultOfName(name) ?? (flat === undefined ? "is not flat" : undefined);
  if (fault !== undefined || flat === undefined) {
    // Quoted, since a name can come from outside as well.
    faults.push(`the attribute ${JSON.stringify(name.slice(0, longestName))} ${fault}`);
    return;
  }
  attributes[name] = flat;
  if (Array.isArray(value) && value.length > maxItems) {
    faults.push(`the attribute "${name}" has more than ${maxItems} items`);
  }
}

function faultOfName(name: string): string | undefined {
  if (name.length > longestName || !shape.test(name)) return "has a name that cannot be used";
  if (taken.has(name) || reserved.test(name)) return "has a name that is authlog's";
  return isSecretName(name) ? "is named like a secret" : undefined;
}

function isSecretName(name: string): boolean {
  const words = name
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .toLowerCase()
    .split(/[._-]/);
  return secretWords.test(words.join("")) || words.some((word) => secretParts.has(word));
}

function toAttributeValue(value: unknown): AttributeValue | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (!Array.isArray(value)) return undefined;
  const items: unknown[] = value.slice(0, maxItems);
  return items.every((item) => typeof item === "string") ? items : undefined;
}
