import type { Shape } from "./setting.ts";

export const text: Shape<string> = {
  description: "a text that is not empty",
  parse: (value) => (typeof value === "string" && value !== "" ? value : undefined),
};

/** A function, which only code can give. */
export const callback = <F extends Function>(): Shape<F> => ({
  description: "a function",
  parse: (value) => (typeof value === "function" ? (value as F) : undefined),
});

/** A text, or in code a function that gives it. */
export const secret: Shape<string | (() => string | Promise<string>)> = {
  description: "a text that is not empty, or in code a function that returns one",
  parse: (value) => callback<() => string | Promise<string>>().parse(value) ?? text.parse(value),
};

const flags: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

export const flag: Shape<boolean> = {
  description: "true or false",
  parse: (value) => flags.get(String(value).toLowerCase()),
};

/** A whole number, the limits included. */
export const integer = (lowest: number, highest: number): Shape<number> => ({
  description: `a whole number from ${lowest} to ${highest}`,
  parse(value) {
    const number = toNumber(value);
    return Number.isInteger(number) && number >= lowest && number <= highest ? number : undefined;
  },
});

/** One of some names. */
export const oneOf = <N extends string>(options: readonly N[]): Shape<N> => ({
  description: `one of ${options.join(", ")}`,
  parse: (value) => options.find((option) => option === value),
});

/** A part of a whole. */
export const ratio: Shape<number> = {
  description: "a number from 0 to 1",
  parse(value) {
    const number = toNumber(value);
    return number >= 0 && number <= 1 ? number : undefined;
  },
};

/** A list of names; as a text with commas between them. */
export const names: Shape<readonly string[]> = {
  description: "names with commas between them",
  parse(value) {
    if (Array.isArray(value)) return value.map(String);
    if (typeof value !== "string") return undefined;
    const list = value.split(",").flatMap((name) => name.trim() || []);
    return list.length === 0 ? undefined : list;
  },
};

/** OpenTelemetry's list of a resource's attributes, in which values are percent-encoded. */
export const resourceAttributes: Shape<Readonly<Record<string, string>>> = {
  description: "attributes as key=value with commas between them, percent-encoded",
  parse(value) {
    const pairs = String(value)
      .split(",")
      .filter((pair) => pair.trim() !== "")
      .map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair));
    try {
      return Object.fromEntries(
        pairs.map((pair) => {
          const [, key = "", encoded = ""] = pair ?? [];
          if (key === "") throw new URIError("no key");
          return [decodeURIComponent(key), decodeURIComponent(encoded)];
        }),
      );
    } catch {
      // The specification: of a list with a fault in it, nothing is taken.
      return undefined;
    }
  },
};

function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}
