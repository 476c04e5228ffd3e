import { describe, expect, it } from "vitest";
import { importsOf, modulesOf, readSource } from "../../../../src/cli/doctor/source-code.ts";

const namesIn = (source: string): string[] =>
  importsOf(readSource(source)).map(({ name, local, from }) => `${from}: ${name} as ${local}`);

describe("a source", () => {
  it.each([
    ["// NextAuth(a)\nb()", "\nb()"],
    ["/* one\ntwo */ b()", "\n b()"],
    ['a("// no comment")', 'a("0")'],
    ["a('it\\'s', `of ${b} and\n more`)", 'a("0", "1")'],
    ['a = /["\'/]/g; b("x")', 'a = "0"; b("1")'],
    ["a = b / c / d; // e", "a = b / c / d; "],
    ["<p>Don't</p>\nb()", "<p>Don't</p>\nb()"],
    ['a("unfinished\nb()', 'a("unfinished\nb()'],
  ])("%j is read as %j", (source, code) => expect(readSource(source).code).toBe(code));

  it.each([
    ['import NextAuth from "next-auth"', ["next-auth: default as NextAuth"]],
    ['import A, { type B, c as d, } from "m"', ["m: default as A", "m: c as d"]],
    ['import * as all from "m"', ["m: * as all"]],
    ['import type { B } from "m"', []],
    ['export { register } from "m"', ["m: register as register"]],
    ['export * from "m"', ["m: * as *"]],
    ['const { a: b, c } = require("m")', ["m: a as b", "m: c as c"]],
    ['const NextAuth = require("next-auth")', ["next-auth: default as NextAuth"]],
    ['const { register } = await import("m")', ["m: register as register"]],
    ['// import a from "m"', []],
    ["const text = `import a from 'm'`", []],
  ])("%j imports %j", (source, names) => expect(namesIn(source)).toEqual(names));

  it("names modules of which it takes nothing by name", () => {
    const source = 'import "./a"; await import("./b"); await (await import("./c")).d();';
    expect(modulesOf(readSource(source))).toEqual(["./a", "./b", "./c"]);
  });

  it("of any length is read in a moment", () => {
    for (const piece of ["/", "/*", "`", '"', "'\\", "a(", "import {", "[/"]) {
      const source = readSource(piece.repeat(20_000));
      expect(importsOf(source)).toEqual([]);
    }
  });
});
