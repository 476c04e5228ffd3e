import { AuthlogError } from "../errors.ts";
import { sqliteFault } from "../files/kernel-lock.ts";
import { runtimeName } from "../files/runtime.ts";

/** Why the embedded ledger cannot run in this process; nothing where it can. */
export function ledgerFault(): AuthlogError | undefined {
  const { deno, pnp } = process.versions;
  const fault = sqliteFault();
  if (fault !== undefined) return fault;
  if (deno !== undefined) {
    return unsupported(
      `on ${runtimeName()}`,
      "Its threads read what waits for them by receiveMessageOnPort, which Deno does not let them.",
      "Run `npx authlog serve` on Node 22.15 or later",
    );
  }
  if (pnp !== undefined) {
    return unsupported(
      "under Yarn Plug'n'Play",
      "Its threads are started from a file, and Plug'n'Play keeps the package in an archive.",
      "Set `nodeLinker: node-modules` in .yarnrc.yml",
    );
  }
  return undefined;
}

function unsupported(where: string, why: string, fix: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RUNTIME_UNSUPPORTED", {
    message: `authlog's embedded ledger cannot run ${where}: events wait until there is a destination.`,
    why,
    fix: `${fix}; or set PANGEA_TOKEN, and PANGEA_DOMAIN or PANGEA_BASE_URL_TEMPLATE.`,
  });
}
