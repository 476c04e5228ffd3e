import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

// This app lives inside a workspace: both bundlers must look for packages up to its root, and compile
// the one with what the examples share. An app in a repository of its own needs none of these lines.
const workspace = fileURLToPath(new URL("../..", import.meta.url));

const config: NextConfig = {
  turbopack: { root: workspace },
  outputFileTracingRoot: workspace,
  transpilePackages: ["authlog-example-shared"],
};

export default config;
