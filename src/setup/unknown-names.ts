import { AuthlogError } from "../errors.ts";
import { suggest } from "../suggest.ts";
import type { Source } from "./setting.ts";

/** The names that settings are read from, collected as they are read. */
export interface SettingNames {
  /** Options, with dots: `journal.dir`. */
  readonly options: Set<string>;
  readonly variables: Set<string>;
}

/** A name that was set and that no setting has. */
export interface UnknownName {
  readonly name: string;
  readonly source: Source;
  /** The setting that was probably meant. */
  readonly meant: string | undefined;
}

/** Names in code that no setting has, in nested objects too. */
export function unknownOptions(
  options: object,
  known: SettingNames["options"],
  prefix = "",
): UnknownName[] {
  // What can be here: settings, and groups of settings.
  const here = [...known]
    .filter((option) => option.startsWith(prefix))
    .map((option) => prefix + (option.slice(prefix.length).split(".")[0] ?? ""));
  return Object.entries(options).flatMap(([key, value]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (value === undefined || known.has(name)) return [];
    if (here.includes(name) && typeof value === "object" && value !== null)
      return unknownOptions(value, known, `${name}.`);
    const meant = suggest(name, here) ?? elsewhere(key, [...known]);
    return [{ name, source: "code" as const, meant }];
  });
}

/** The setting of such a name in another group. */
function elsewhere(key: string, known: readonly string[]): string | undefined {
  const keys = known.map((option) => option.slice(option.lastIndexOf(".") + 1));
  return known[keys.indexOf(suggest(key, keys) ?? "")];
}

/** How many letters of a name without our prefix may differ: it can belong to another package. */
const slips = 2;

/** Variables that are named like a setting, and are none. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: SettingNames["variables"],
): UnknownName[] {
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || !env[name] || !/^(auth|pangea_)/i.test(name)) return [];
    const isOurs = /^authlog_/i.test(name);
    const meant = suggest(name.toUpperCase(), [...known], isOurs ? undefined : slips);
    return isOurs || meant !== undefined ? [{ name, source: "environment" as const, meant }] : [];
  });
}

/** Where people's data was probably to be hidden, under a name that hides nothing. */
export function asksForPseudonyms({ meant = "" }: UnknownName): boolean {
  return ["AUTHLOG_PSEUDONYMIZE", "privacy.pseudonymize", "privacy"].includes(meant);
}

/** What is said of an unknown name. Its value is not: it may be a secret. */
export function unknownName(unknown: UnknownName): AuthlogError {
  const name = unknown.name.slice(0, 64).replaceAll(/[^\w.-]/g, "?");
  const { meant } = unknown;
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message:
      meant === name
        ? `${name} has no effect: it is a group of settings, and must be an object.`
        : `${name} has no effect: no setting has this name.`,
    why: asksForPseudonyms(unknown)
      ? "It seems to ask for pseudonyms: until its name is right, every attribute that points at a person is a pseudonym, or left out where there is no key."
      : "It is misspelt, of another version of authlog, or in the wrong place.",
    fix: fixOf(name, meant),
  });
}

function fixOf(name: string, meant: string | undefined): string {
  if (meant === undefined)
    return `Remove ${name}. The README names every setting, under "Configuration".`;
  return meant === name ? `Make ${name} an object.` : `Rename ${name} to ${meant}, or remove it.`;
}
