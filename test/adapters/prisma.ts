import { PrismaAdapter } from "@auth/prisma-adapter";
import { createClient } from "@libsql/client";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { getPrismaClient } from "@prisma/client/runtime/client";
import { type AdapterMethods, type OpenedAdapter, tables } from "./opened-adapter.ts";

/** Prisma, with its query compiler in WebAssembly, over libSQL. */
export async function openPrisma(folder: string): Promise<OpenedAdapter> {
  const url = `file:${folder}/prisma.db`;
  const client = createClient({ url });
  await client.batch([...tables], "write");
  client.close();
  const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url }) });
  return {
    adapter: PrismaAdapter(prisma) as unknown as AdapterMethods,
    close: () => prisma.$disconnect(),
  };
}

/** The models that the adapter documents. */
const schema = `
datasource db {
  provider = "sqlite"
}
model User {
  id String @id @default(cuid())
  name String?
  email String? @unique
  emailVerified DateTime?
  image String?
  accounts Account[] @relation("AccountToUser")
  sessions Session[] @relation("SessionToUser")
}
model Account {
  id String @id @default(cuid())
  userId String
  type String
  provider String
  providerAccountId String
  refresh_token String?
  access_token String?
  expires_at Int?
  token_type String?
  scope String?
  id_token String?
  session_state String?
  user User @relation("AccountToUser", fields: [userId], references: [id], onDelete: Cascade)
  @@unique([provider, providerAccountId])
}
model Session {
  id String @id @default(cuid())
  sessionToken String @unique
  userId String
  expires DateTime
  user User @relation("SessionToUser", fields: [userId], references: [id], onDelete: Cascade)
}
model VerificationToken {
  identifier String
  token String @unique
  expires DateTime
  @@unique([identifier, token])
}
`;

/** It has no types. */
const compiler = "@prisma/client/runtime/query_compiler_small_bg.sqlite" as string;

/**
 * The client that `prisma generate` writes for the schema. The command itself is left out: it is many
 * times as large as the client, and downloads a binary that none of this needs.
 */
const PrismaClient = getPrismaClient({
  activeProvider: "sqlite",
  previewFeatures: [],
  clientVersion: "7.10.0",
  engineVersion: "0",
  inlineSchema: schema,
  runtimeDataModel: { models: readModels() as never, enums: {}, types: {} },
  // Nothing is prepared: each query is compiled with its values.
  parameterizationSchema: { strings: [], graph: "AAAA" },
  compilerWasm: {
    getRuntime: () => import(`${compiler}.mjs`) as Promise<never>,
    async getQueryCompilerWasmModule() {
      const { wasm } = (await import(`${compiler}.wasm-base64.mjs`)) as { wasm: string };
      return new WebAssembly.Module(Buffer.from(wasm, "base64"));
    },
    importName: "./query_compiler_small_bg.js",
  },
});

function readModels() {
  const models = [...schema.matchAll(/model (\w+) \{\n([^}]*)\}/g)];
  return Object.fromEntries(
    models.map(([, model = "", lines = ""]) => [
      model,
      { dbName: null, schema: null, fields: lines.split("\n").flatMap(readField) },
    ]),
  );
}

function readField(line: string) {
  const [, name, type, relationName] =
    /^ {2}(\w+) (\w+)[?[\]]*(?:.*@relation\("(\w+)")?/.exec(line) ?? [];
  if (name === undefined || type === undefined) return [];
  return relationName === undefined
    ? [{ name, type, kind: "scalar" }]
    : [{ name, type, kind: "object", relationName }];
}
