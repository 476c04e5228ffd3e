import { defineConfig, type ViteUserConfig } from "vitest/config";

/** One project a folder: a test stands in the folder of what it needs. */
const project = (name: string, overrides: object = {}): object => ({
  extends: true,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...overrides },
});

const config: ViteUserConfig = defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    projects: [
      project("unit"),
      project("integration"),
      project("conformance"),
      project("e2e", { testTimeout: 60_000, hookTimeout: 300_000, fileParallelism: false }),
    ],
  },
});

export default config;
