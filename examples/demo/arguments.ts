import { parseArgs } from "node:util";

/** One of the apps beside this folder. */
export interface Example {
  folder: string;
  /** What it shows, in a line. */
  about: string;
  /** Paths of its pages. */
  pages: readonly string[];
}

export interface Arguments {
  example: Example;
  port: number | undefined;
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

const examples: ReadonlyMap<string, Example> = new Map([
  [
    "v5",
    {
      folder: "auth-js-v5",
      about: "Auth.js 5: App Router, server actions, OpenTelemetry 3",
      pages: [""],
    },
  ],
  [
    "v4",
    {
      folder: "next-auth-v4",
      about: "next-auth 4: App Router, Pages Router, OpenTelemetry 2",
      pages: ["", "/pages-router"],
    },
  ],
]);

export const usage: string = `Usage: npm run demo [-- [<example>] [--port <port>]]

  <example>  which one to start (default: v5)
${[...examples].map(([name, { about }]) => `               ${name}  ${about}`).join("\n")}
  --port     port of the page on localhost (default: 3000, or a free one)
  --help     shows this`;

/** @throws UsageError */
export function readArguments(args: string[]): Arguments | "help" {
  const { positionals, values } = parse(args);
  if (values.help) return "help";
  const [name = "v5", ...rest] = positionals;
  const example = examples.get(name);
  const port = values.port === undefined ? undefined : Number(values.port);
  if (example === undefined || rest.length > 0) {
    throw new UsageError(`There is no example "${positionals.join(" ")}".`);
  }
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new UsageError(`"${values.port}" is no port.`);
  }
  return { example, port };
}

interface Parsed {
  positionals: string[];
  values: { port?: string | undefined; help?: boolean | undefined };
}

function parse(args: string[]): Parsed {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { port: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
