/** Where a setting's value came from. */
export type Source = "code" | "environment" | "default";

/** A value that remembers where it came from. */
export interface Setting<T> {
  readonly value: T;
  readonly source: Source;
  /** The variable that it was read from, where it comes from the environment. */
  readonly variable?: string;
}

/** How a setting is read from a text, or from code: `undefined` for what it cannot be. */
export interface Shape<T> {
  /** What it must be, in words that end a sentence. */
  description: string;
  parse(value: unknown): T | undefined;
}

/** Reads one setting: from code, else from its variable if it has one, else the fallback. */
export type ReadSetting = <T, D>(
  name: string,
  fromCode: unknown,
  variable: string | undefined,
  shape: Shape<T>,
  fallback: D,
) => Setting<T | D>;

/** Every setting of a configuration by its name, such as `batch.maxQueueSize`. */
export function namedSettings(
  config: object,
  prefix = "",
): (readonly [string, Setting<unknown>])[] {
  return Object.entries(config).flatMap(([key, member]: [string, unknown]) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return [];
    const name = `${prefix}${key}`;
    return isSetting(member) ? [[name, member] as const] : namedSettings(member, `${name}.`);
  });
}

const isSetting = (value: object): value is Setting<unknown> =>
  "value" in value && "source" in value;
