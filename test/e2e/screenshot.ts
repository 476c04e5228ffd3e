/**
 * Takes the README's picture of the demo: `node test/e2e/screenshot.ts`, after `npm run build`. Every
 * event in it really happened.
 */
import { join } from "node:path";
import { startIdentity } from "../../examples/identity/start-identity.ts";
import { demoUsers } from "../../examples/shared/lib/demo-users.ts";
import { builtApp, repository } from "./support/built-app.ts";
import { DemoPage, launchBrowser } from "./support/demo-page.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { Visitor } from "./support/visitor.ts";

const attempts = [
  ["bob@example.com", "builder"],
  ["dave@example.com", "pod-bay-doors"],
  ["mallory@example.com", "letmein"],
  ["carol@example.com", "christmas-past"],
  ["alice@example.com", "white-rabbit"],
] as const;

await using ledger = await temporaryLedger();
await using identity = await startIdentity({ people: demoUsers });
await using app = await startApp(await builtApp("turbopack"), {
  ...ledger.settings,
  ...identity.settings,
  DATABASE_PATH: join(ledger.folder, "users.db"),
  DEMO_LEDGER_PATH: join(ledger.folder, "ledger.db"),
});
for (const [email, password] of attempts) {
  const visitor = new Visitor({ url: app.url, identity });
  await visitor.beforehand(() => visitor.signIn(email, password));
  if (email.startsWith("alice")) await visitor.post("signout");
}
await new Visitor({ url: app.url, identity }).signInByOpenId("bob");
const byLink = new Visitor({ url: app.url, identity });
await byLink.beforehand(() => byLink.requestLink("zoe@example.com"));
await byLink.follow(await byLink.link("zoe@example.com"));

const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1160 } });
  const visitor = new DemoPage(page, app.url);
  const { traceId } = await visitor.signIn("alice@example.com", "white-raven");
  await page.goto(app.url);
  await page.getByText(traceId).waitFor();
  await page.screenshot({
    path: join(repository, "examples/auth-js-v5/screenshot.png"),
    animations: "disabled",
  });
} finally {
  await browser.close();
}
