export { Layout as default, metadata, viewport } from "authlog-example-shared/components/layout";
