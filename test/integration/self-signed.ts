import { generateKeyPairSync, sign } from "node:crypto";

/** A key and a certificate that it signed itself, as PEM, in the least that RFC 5280 asks for. */
export function selfSigned(commonName: string): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const algorithm = sequence(oid(0x2b, 0x65, 0x70));
  const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, utf8(commonName)))));
  const validity = sequence(utcTime(-86_400_000), utcTime(86_400_000));
  const spki = publicKey.export({ format: "der", type: "spki" });
  const body = sequence(der(0x02, Buffer.of(1)), algorithm, name, validity, name, spki);
  const signature = der(0x03, Buffer.concat([Buffer.of(0), sign(null, body, privateKey)]));
  const certificate = sequence(body, algorithm, signature).toString("base64");
  return {
    key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
  };
}

/** Tag, length and value (X.690, section 8.1). */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...size), value]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (...bytes: number[]): Buffer => der(0x06, Buffer.from(bytes));
const utf8 = (text: string): Buffer => Buffer.from(text);

function utcTime(fromNowMillis: number): Buffer {
  const digits = new Date(Date.now() + fromNowMillis).toISOString().replaceAll(/\D/g, "");
  return der(0x17, utf8(`${digits.slice(2, 14)}Z`));
}
