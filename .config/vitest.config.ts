import { defineConfig, type ViteUserConfig } from "vitest/config";

/** One project a folder: a test stands in the folder of what it needs. */
const project = (name: string, overrides: object = {}): object => ({
  extends: true,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...overrides },
});

/** Where a run leaves its figures, for whoever adds up several runs. */
const report = process.env.TEST_AUTHLOG_REPORT;

/** Whether the long forms of the fault tests are asked for. */
const long = process.env.TEST_AUTHLOG_LONG !== undefined;

const config: ViteUserConfig = defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    // Generous, since a shared machine can be slow; nothing is asserted about time.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      project("unit"),
      project("integration"),
      project("conformance"),
      // Long forms take their time; the short ones of `npm test` stay below the general limit.
      project("faults", { testTimeout: long ? 7_200_000 : 60_000 }),
      project("e2e", { testTimeout: 60_000, hookTimeout: 300_000, fileParallelism: false }),
    ],
  },
});

export default config;
