/**
 * Takes the README's picture of the demo: `node test/e2e/screenshot.ts`, after `npm run build`. Every
 * event in it really happened.
 */
import { join } from "node:path";
import { builtApp, repository } from "./support/built-app.ts";
import { DemoPage, launchBrowser } from "./support/demo-page.ts";
import { FormClient } from "./support/form-client.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { newTrace } from "./support/trace.ts";

const attempts = [
  ["bob@example.com", "builder"],
  ["bob@example.com", "can-we-fix-it"],
  ["dave@example.com", "pod-bay-doors"],
  ["mallory@example.com", "letmein"],
  ["carol@example.com", "christmas-past"],
  ["alice@example.com", "white-rabbit"],
] as const;

await using ledger = await temporaryLedger();
await using app = await startApp(await builtApp("turbopack"), ledger.settings);
for (const [email, password] of attempts) {
  const client = new FormClient(app.url);
  await client.signIn(email, password, newTrace().headers);
  if (email.startsWith("alice")) await client.signOut(newTrace().headers);
}

const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 820 } });
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
