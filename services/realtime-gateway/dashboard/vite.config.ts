import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: { target: "es2022", sourcemap: false },
  // `npm run dev` beside a running Millrace.
  server: {
    proxy: {
      "/api": "http://127.0.0.1:8080",
      "/connection": { target: "ws://127.0.0.1:8080", ws: true },
    },
  },
});
