import { resolve } from "node:path";
import { AuthlogError } from "../../errors.ts";
import { readSigningKey } from "../../pangea/signing-key.ts";
import type { AuthlogConfig } from "../../setup/config.ts";
import type { App } from "./app.ts";
import { type Check, readme } from "./check.ts";

const link = readme("configuration");

/** Whether the settings can be used, as far as they stand outside the code. */
export function configurationChecks(app: App, config: AuthlogConfig): Check[] {
  return [
    ...config.problems.map(checkProblem),
    ...checkEnabled(config),
    ...checkCode(app),
    ...checkSchema(config),
    ...checkSigningKey(app, config),
    ...(config.problems.length > 0 ? [] : [sound]),
  ];
}

const sound: Check = {
  id: "configuration.values",
  status: "ok",
  what: "Each setting has a value that can be used.",
  why: "Read from the environment and the .env files that Next.js reads.",
};

function checkProblem({ message, why, fix, link: section }: AuthlogError): Check {
  return {
    id: "configuration.values",
    status: "fail",
    what: message,
    why: `${why} ${fix}`,
    link: section,
  };
}

function checkSchema({ schema }: AuthlogConfig): Check[] {
  if (schema.value.uidPath !== undefined) return [];
  return [
    {
      id: "configuration.schema",
      status: "warn",
      what: `The schema ${schema.value.name} has no field for an event's id.`,
      why: "What is delivered twice then stands twice: nothing tells the two from each other.",
      link,
    },
  ];
}

function checkSigningKey({ folder }: App, { signingKeyFile }: AuthlogConfig): Check[] {
  const id = "configuration.signing-key";
  if (signingKeyFile.value === undefined) return [];
  try {
    readSigningKey(resolve(folder, signingKeyFile.value));
    const why = "It is an Ed25519 key in a file that not everyone can read.";
    return [{ id, status: "ok", what: "Events are signed.", why }];
  } catch (error) {
    if (!AuthlogError.is(error)) throw error;
    const { message, why, fix, link: section } = error;
    return [{ id, status: "fail", what: message, why: `${why} ${fix}`, link: section }];
  }
}

function checkEnabled({ enabled }: AuthlogConfig): Check[] {
  if (enabled.value) return [];
  return [
    {
      id: "configuration.enabled",
      status: "warn",
      what: "authlog is switched off.",
      why: "AUTHLOG_ENABLED says so: no event is made.",
      hint: "AUTHLOG_ENABLED=true",
      link,
    },
  ];
}

/** What code says goes first, and only running it would tell what that is. */
function checkCode({ files }: App): Check[] {
  const call = /\b(createRegister|auditProcessor)\s*\(\s*(?=[^)\s])/;
  return files.flatMap(({ path, code }) => {
    const name = call.exec(code)?.[1];
    if (name === undefined) return [];
    const what = `${path} gives ${name} options, which are not seen here.`;
    const why = "They go before the environment; what follows may differ from what the app has.";
    return [{ id: "configuration.code", status: "skip", what, why, link } as const];
  });
}
