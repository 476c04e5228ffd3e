import { resolve } from "node:path";
import { AuthlogError } from "../../errors.ts";
import { readSigningKey } from "../../pangea/signing-key.ts";
import type { AuthlogConfig } from "../../setup/config.ts";
import type { App } from "./app.ts";
import { type Check, readme } from "./check.ts";
import type { AppStateFinding } from "./read-app-state.ts";

const link = readme("configuration");

/** Whether the settings can be used, as far as they stand outside the code. */
export function configurationChecks(
  app: App,
  config: AuthlogConfig,
  finding: AppStateFinding,
): Check[] {
  return [
    ...config.problems.map(checkProblem),
    ...checkEnabled(config),
    ...checkCode(finding),
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

/** What code says goes first, and only running it would show what that is. */
function checkCode(finding: AppStateFinding): Check[] {
  if (finding.kind !== "found") return [];
  const names = finding.state.settings.filter(({ source }) => source === "code");
  if (names.length === 0) return [];
  const what = `The app sets ${names.map(({ name }) => name).join(", ")} in code, which is not seen here.`;
  const why = "Code goes before the environment; what follows may differ from what the app has.";
  return [{ id: "configuration.code", status: "skip", what, why, link }];
}
