import process from "node:process";
import { type AuthlogConfig, resolveConfig } from "../setup/config.ts";
import { type AppEnvironment, readAppEnvironment } from "./doctor/env-files.ts";

/** The settings that the app in this folder has, as far as they stand outside its code. */
export function readCommandConfig(
  env: AppEnvironment["values"],
  folder: string = process.cwd(),
): { config: AuthlogConfig; env: AppEnvironment["values"] } {
  const { values } = readAppEnvironment(folder, env);
  return { config: resolveConfig({}, values), env: values };
}
