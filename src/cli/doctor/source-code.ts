/** JavaScript or TypeScript, cut into what can be searched without mistaking a comment for code. */
export interface SourceCode {
  /** The code with comments blanked and each string replaced by its number, as `"0"`. */
  readonly code: string;
  /** What the strings hold. */
  readonly strings: readonly string[];
}

/** A regular expression can stand where a value can begin, which these characters come before. */
const beforeValue = /(?:^|[([{=,;:!&|?+\-*%^~<>]|\b(?:return|typeof|case|in|of|await|yield))$/;

/** Every repetition has an end: a file that is no source must not take long. */
const token =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<quote>["'])(?<text>(?:\\[\s\S]|(?!\k<quote>)[^\\\n]){0,1000})\k<quote>|`(?<template>(?:\\[\s\S]|[^\\`]){0,20000})`|(?<slash>\/)/g;

const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n]){0,200}\]|[^/\\\n[]){1,1000}\/[a-z]*/y;

/**
 * Takes comments, strings and regular expressions out of a source. Not a parser: of syntax that it
 * does not know, such as a quote in JSX text, it leaves the line as it is.
 *
 * @example
 * readSource(`// NextAuth()\nimport NextAuth from "next-auth";`).code; // '\nimport NextAuth from "0";'
 */
export function readSource(source: string): SourceCode {
  const strings: string[] = [];
  const parts: string[] = [];
  let at = 0;
  let tail = "";
  const put = (text: string): void => {
    parts.push(text);
    tail = (tail + text.slice(-64)).slice(-64);
  };
  const keep = (text: string): void => put(`"${strings.push(text) - 1}"`);
  for (token.lastIndex = 0; ;) {
    const match = token.exec(source);
    if (match === null) break;
    put(source.slice(at, match.index));
    const { comment, text, template, slash } = match.groups ?? {};
    at = token.lastIndex;
    if (text !== undefined || template !== undefined) keep(text ?? template ?? "");
    else if (slash !== undefined) {
      regularExpression.lastIndex = match.index;
      const isValue = beforeValue.test(tail.trimEnd());
      const expression = isValue ? regularExpression.exec(source) : null;
      if (expression === null) put(slash);
      else {
        keep("");
        at = token.lastIndex = regularExpression.lastIndex;
      }
    } else if (comment?.includes("\n")) put("\n");
  }
  put(source.slice(at));
  return { code: parts.join(""), strings };
}

/** A name that a module gives, and what it is called in the file. */
export interface ImportedName {
  readonly from: string;
  /** `default`, `*`, or the name that the module exports. */
  readonly name: string;
  readonly local: string;
  /** Whether it is only passed on: `export { a } from "b"`. */
  readonly reexported: boolean;
}

const staticImport =
  /\b(?<word>import|export)\b\s*(?!type\b)(?<clause>(?:[\w$]{1,200}\s*,?\s*)?(?:\{[\w$\s,]{0,2000}\}|\*(?:\s+as\s+[\w$]{1,200})?)?)\s*from\s*"(?<at>\d+)"/g;
const required =
  /\b(?:const|let|var)\s+(?<clause>[\w$]+|\{[\w$\s,:]{0,2000}\})\s*=\s*(?:await\s+)?(?:require|import)\s*\(\s*"(?<at>\d+)"\s*\)/g;

/** Every name that a file imports, by `import`, `export … from`, `require` or `import()`. */
export function importsOf({ code, strings }: SourceCode): ImportedName[] {
  const names: ImportedName[] = [];
  for (const { groups = {} } of code.matchAll(staticImport)) {
    const from = strings[Number(groups["at"])] ?? "";
    const reexported = groups["word"] === "export";
    names.push(...clauseNames(groups["clause"] ?? "", /\s+as\s+/, from, reexported));
  }
  for (const { groups = {} } of code.matchAll(required)) {
    const from = strings[Number(groups["at"])] ?? "";
    names.push(...clauseNames(groups["clause"] ?? "", /\s*:\s*/, from, false));
  }
  return names;
}

/** Every module that a file names, also those of which it takes no name. */
export function modulesOf({ code, strings }: SourceCode): string[] {
  const named = code.matchAll(/\b(?:from|import|require)\s*\(?\s*"(\d+)"/g);
  return [...named].map(([, at]) => strings[Number(at)] ?? "");
}

function clauseNames(
  clause: string,
  renamed: RegExp,
  from: string,
  reexported: boolean,
): ImportedName[] {
  const braces = /\{([^}]*)\}/.exec(clause);
  const outside = (braces === null ? clause : clause.replace(braces[0], ""))
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const [name = "", local] = part.split(/\s+as\s+/);
      if (name === "*") return { name, local: local ?? name };
      return { name: "default", local: name };
    });
  const inside = (braces?.[1] ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "" && !part.startsWith("type "))
    .map((part) => {
      const [name = "", local = name] = part.split(renamed);
      return { name, local };
    });
  return [...outside, ...inside].map((names) => ({ ...names, from, reexported }));
}
