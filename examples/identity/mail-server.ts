import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";

export interface Mail {
  to: string;
  subject: string;
  /** The first link in its text. */
  link: string | undefined;
}

export interface MailServer {
  /** As nodemailer takes it. */
  url: string;
  /** What has arrived, oldest first. */
  mails: readonly Mail[];
  /** From now on every recipient is refused, as for a full mailbox, or taken again. */
  refuse(refused: boolean): void;
  close(): Promise<void>;
}

/** An SMTP server on a free port of the loopback. It delivers to nobody and keeps mails in memory. */
export async function startMailServer(onMail?: (mail: Mail) => void): Promise<MailServer> {
  const mails: Mail[] = [];
  let refused = false;
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onRcptTo(_address, _session, callback) {
      callback(refused ? Object.assign(new Error("Mailbox full"), { responseCode: 552 }) : null);
    },
    async onData(stream, { envelope }, callback) {
      const to = envelope.rcptTo.map(({ address }) => address).join(", ");
      const mail = readMail(await text(stream), to);
      mails.push(mail);
      onMail?.(mail);
      callback();
    },
  });
  const listening: Server = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse(wanted) {
      refused = wanted;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function readMail(source: string, to: string): Mail {
  const plain = fromQuotedPrintable(source);
  return {
    to,
    subject: /^Subject: (.*)$/m.exec(plain)?.[1]?.trim() ?? "",
    link: /https?:\/\/\S+\?\S+/.exec(plain)?.[0],
  };
}

/** RFC 2045, section 6.7: soft line breaks, and octets in hexadecimal. The links are ASCII. */
const fromQuotedPrintable = (source: string): string =>
  source
    .replaceAll(/=\r?\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    );
