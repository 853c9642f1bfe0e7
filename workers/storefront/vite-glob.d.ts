/** Texts of files beside a test, by path: what vite offers, as far as it is used here. */
interface ImportMeta {
  glob(pattern: string, options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
}
