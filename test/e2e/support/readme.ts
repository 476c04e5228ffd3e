import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./built-app.ts";

const readme = readFileSync(join(repository, "README.md"), "utf8");

/** The README's code that begins with this comment, as a reader would copy it. */
export function readmeCode(comment: string): string {
  const code = blocksOf(readme).find((block) => block.code.startsWith(`// ${comment}\n`));
  if (code === undefined) throw new Error(`The README has no code "// ${comment}".`);
  return code.code;
}

/** The README's first line that installs the package, with the tarball in place of its name. */
export function readmeInstall(tarball: string): string {
  const [line] = /^npm install authlog\b.*$/m.exec(readme) ?? [];
  if (line === undefined) throw new Error("The README does not install authlog.");
  return line.replace(/\bauthlog\b/, tarball);
}

/** One way to set authlog up beside OpenTelemetry, as the README has it. */
export interface Recipe {
  /** What the reader types. */
  shell: string;
  /** Contents by path. */
  files: Readonly<Record<string, string>>;
}

export function readmeRecipe(name: string): Recipe {
  const [, behind] = readme.split(`<!-- recipe: ${name} -->`);
  if (behind === undefined) throw new Error(`The README has no recipe ${name}.`);
  const [blocks = ""] = behind.split("<!-- /recipe -->");
  const shell = blocksOf(blocks).filter(({ language }) => language === "sh");
  const files = blocksOf(blocks).flatMap(({ code }) => {
    const [, path] = /^\/\/ (\S+)\n/.exec(code) ?? [];
    return path === undefined ? [] : [[path, code] as const];
  });
  return { shell: shell.map(({ code }) => code).join(""), files: Object.fromEntries(files) };
}

function blocksOf(text: string): { language: string; code: string }[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", code = ""]) => ({
    language,
    code,
  }));
}
