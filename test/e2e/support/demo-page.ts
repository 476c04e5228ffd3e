import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { newTrace, type Trace } from "./trace.ts";

export type Way = "by server action" | "by route handler";

const through: Readonly<Record<Way, string>> = {
  "by server action": "",
  "by route handler": " by route handler",
};

/** Debian's Chromium, or the one that CHROMIUM_PATH names. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
}

/** The example's page, driven as a person would drive it. */
export class DemoPage {
  readonly page: Page;
  readonly #url: string;

  constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
  }

  /** Ends when the page shows how it went. The trace is that of the request, begun outside the app. */
  async signIn(email: string, password: string, way: Way = "by server action"): Promise<Trace> {
    await this.page.goto(this.#url);
    await this.page.getByLabel("E-mail address").fill(email);
    await this.page.getByLabel("Password").fill(password);
    const trace = await this.#press(`Sign in${through[way]}`);
    await this.page.getByRole("heading", { name: "Signed in" }).or(this.problem).waitFor();
    return trace;
  }

  async signOut(way: Way = "by server action"): Promise<Trace> {
    const trace = await this.#press(`Sign out${through[way]}`);
    await this.page.getByLabel("Password").waitFor();
    return trace;
  }

  /** What the page says about a sign-in that failed. */
  get problem(): Locator {
    return this.page.locator(".problem");
  }

  async #press(button: string): Promise<Trace> {
    const trace = newTrace();
    await this.page.setExtraHTTPHeaders(trace.headers);
    await this.page.getByRole("button", { name: button, exact: true }).click();
    return trace;
  }
}
