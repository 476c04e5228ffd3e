import type { App } from "../../../../src/cli/doctor/app.ts";
import { readSource } from "../../../../src/cli/doctor/source-code.ts";

/** What a new app has after the README's install line. */
export const usual = {
  authlog: "0.1.0",
  next: "16.4.5",
  "next-auth": "5.0.0-beta.32",
  "@opentelemetry/api": "1.10.0",
} as const;

/** An app of these files, with these packages in place of the usual ones. */
export function appOf(
  files: Readonly<Record<string, string>> = {},
  packages: Readonly<Record<string, string>> = usual,
): App {
  return {
    folder: "/app",
    isPackage: true,
    install: "npm install",
    packages: new Map(
      Object.entries(packages).map(([name, version]) => [name, { name, version }] as const),
    ),
    scripts: {},
    files: Object.entries(files).map(([path, source]) => ({ path, ...readSource(source) })),
    cut: false,
  };
}
