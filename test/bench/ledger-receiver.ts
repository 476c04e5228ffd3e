import { startLedger } from "../../dist/src/ledger-server/start-ledger.js";

/** The embedded ledger as a process of its own. Prints where it is, and ends when its input does. */
const ledger = await startLedger({ path: process.argv[2] ?? "ledger.db", port: 0 });
process.stdout.write(`${JSON.stringify({ url: ledger.url, token: ledger.token })}\n`);
process.stdin.on("end", () => void ledger.close()).resume();
