import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLedger } from "authlog/ledger";

export interface TemporaryLedger extends AsyncDisposable {
  url: string;
  token: string;
  readToken: string;
  /** The folder that the ledger keeps everything in. */
  folder: string;
  /** What an app is told, to deliver to this ledger. */
  settings: Readonly<Record<string, string>>;
  /** From now on its port refuses connections. */
  close(): Promise<void>;
  /** Starts it again, on the same port, with the same tokens and events. */
  reopen(): Promise<void>;
}

/** A ledger of a test's own: a free port, a folder that goes away with it. */
export async function temporaryLedger(): Promise<TemporaryLedger> {
  const folder = mkdtempSync(join(tmpdir(), "authlog-e2e-"));
  const path = join(folder, "ledger.db");
  let ledger: Ledger | undefined = await startLedger({ path, port: 0 });
  const { url, token, readToken } = ledger;
  const close = async (): Promise<void> => {
    await ledger?.close();
    ledger = undefined;
  };
  return {
    url,
    token,
    readToken,
    folder,
    settings: { PANGEA_TOKEN: token, PANGEA_BASE_URL_TEMPLATE: url, AUTHLOG_READ_TOKEN: readToken },
    close,
    async reopen() {
      ledger = await startLedger({ path, port: Number(new URL(url).port) });
    },
    async [Symbol.asyncDispose]() {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Ledger = Awaited<ReturnType<typeof startLedger>>;
