/** Chromium for tests of the explorer's page. A machine without it fails them, with what to do. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

export async function launchBrowser (): Promise<Browser> {
  return await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'] })
}

function browserPath (): string {
  const given = process.env['CHROMIUM']
  if (given !== undefined && given !== '') return given
  const found = (process.env['PATH'] ?? '').split(delimiter).flatMap(folder => NAMES.map(name => join(folder, name))).find(isExecutable)
  if (found === undefined) {
    throw new Error('There is no Chromium on the PATH, and these tests look at the page in one. Install it (apt-get install chromium), or set CHROMIUM to the path of a Chrome or Chromium.')
  }
  return found
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
