import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where packages of each line of OpenTelemetry are found, by the place of the importing file. */
export const linePlaces = [
  ["OpenTelemetry 3.x", ".reports"],
  ["OpenTelemetry 2.x", "examples/next-auth-v4/node_modules"],
] as const;

/** An app of one file, with a copy of the built package in its folder. */
export interface LineApp {
  folder: string;
  run(env: Record<string, string>): Promise<{ stdout: string; stderr: string }>;
  remove(): void;
}

/** @param script of the file; the package is at `./dist` */
export function createLineApp(place: string, script: string): LineApp {
  mkdirSync(join(root, place), { recursive: true });
  const folder = mkdtempSync(join(root, place, ".authlog-register-"));
  cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(folder, "app.mjs"), script);
  return {
    folder,
    async run(env) {
      const child = spawn(process.execPath, [join(folder, "app.mjs")], {
        cwd: folder,
        // Node 22 gets an option there by which it says nothing of its SQLite.
        env: {
          PATH: process.env.PATH,
          NODE_OPTIONS: process.env.NODE_OPTIONS,
          AUTHLOG_BANNER: "0",
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const said = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
      await new Promise((resolve) => child.once("close", resolve));
      return said;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
