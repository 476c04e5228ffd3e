import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** The variables that an app will have, and where each comes from. */
export interface AppEnvironment {
  readonly values: Readonly<Record<string, string | undefined>>;
  /** The file that gave a variable; absent for those of the process. */
  readonly files: ReadonlyMap<string, string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The process's variables, and those of the `.env` files that Next.js reads, in its order; of two
 * values the first stands. `$NAME` in a value is not put in.
 */
export function readAppEnvironment(folder: string, env: Environment): AppEnvironment {
  const mode = env["NODE_ENV"] === "production" ? "production" : "development";
  const values: Record<string, string | undefined> = { ...env };
  const files = new Map<string, string>();
  for (const name of [`.env.${mode}.local`, ".env.local", `.env.${mode}`, ".env"]) {
    for (const [variable, value] of Object.entries(readEnvFile(join(folder, name)))) {
      // Next.js, too, leaves a variable of the process as it is, even an empty one.
      if (values[variable] !== undefined) continue;
      values[variable] = value;
      files.set(variable, name);
    }
  }
  return { values, files };
}

function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch {
    return {};
  }
}
