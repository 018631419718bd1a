import { z } from 'zod';

/**
 * The whole configuration: every key, its unit, range and default. JSON Schema, types and the documentation of
 * `auscult config schema` come from here.
 */

const seconds = z.number().positive();
const path = z.string().min(1);
/** Also a folder's name: `learned/<feed>`. */
const topicLevel = z
  .string()
  .min(1)
  .max(60)
  .regex(
    /^(?!\.{1,2}$)[^/+#\s$\p{Cc}][^/+#\p{Cc}]*$/u,
    'must be one MQTT topic level: no "/", "+", "#", line break, no leading blank or "$", and not "." or ".."',
  );
const oneTopic = z.string().regex(/^[^+#\p{Cc}]+$/u, 'must be one MQTT topic: no "+", no "#", no line break');

const engine = z
  .strictObject({
    device: z
      .enum(['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow'])
      .default('cpu')
      .describe(
        'Where models run. auto measures each model on every device that works; cpu, webgpu and cuda force one. tensorflow trains on an installed tfjs-node; scoring stays on the CPU.',
      ),
    threads: z.int().min(1).max(64).default(1).describe('CPU threads per model; 1 is right for many small models.'),
  })
  .prefault({});

const mqtt = z
  .strictObject({
    enabled: z.boolean().default(true),
    broker: z
      .enum(['embedded', 'external'])
      .optional()
      .describe(
        'embedded: a broker of our own on the loopback; external: the one at url. Default: external when url is set.',
      ),
    url: z
      .string()
      .regex(/^(mqtts?|wss?|tcp|ssl):\/\//, 'must start with mqtt://, mqtts://, ws:// or wss://')
      .optional()
      .describe('Address of the external broker, e.g. mqtt://broker.plant:1883. No user or password in it.'),
    port: z
      .int()
      .min(0)
      .max(65535)
      .default(1883)
      .describe('Port of the embedded broker; the next free one if it is taken.'),
    username: z.string().optional(),
    password: z.string().optional().describe('Better: passwordFile, or AUSCULT_MQTT__PASSWORD.'),
    passwordFile: path.optional().describe('File that holds the password, e.g. a systemd credential.'),
    clientId: z.string().min(1).max(64).optional(),
    base: topicLevel.default('auscult').describe('First level of every topic.'),
    protocolVersion: z.literal([4, 5]).default(4).describe('4 is MQTT 3.1.1.'),
    tls: z
      .strictObject({
        ca: path.optional().describe('PEM file of the authority that signed the broker.'),
        cert: path.optional(),
        key: path.optional(),
        rejectUnauthorized: z.boolean().default(true),
      })
      .optional(),
    homeAssistant: z
      .strictObject({ enabled: z.boolean().default(true), prefix: topicLevel.default('homeassistant') })
      .prefault({}),
  })
  .prefault({});

const http = z
  .strictObject({
    enabled: z.boolean().default(true),
    host: z.string().default('127.0.0.1').describe('Anything but the loopback needs username and password.'),
    port: z.int().min(0).max(65535).default(8080).describe('The next free one if it is taken.'),
    username: z.string().optional(),
    password: z.string().optional(),
    passwordFile: path.optional(),
    allowedOrigins: z
      .array(z.string())
      .default([])
      .describe('Further origins that may use the page, e.g. a reverse proxy.'),
  })
  .prefault({});

const store = z
  .strictObject({
    clipDays: z.number().positive().default(90),
    clipMegabytes: z.number().positive().default(1024),
    clipBeforeSeconds: z.number().min(0).max(60).default(5),
    clipAfterSeconds: z.number().min(0).max(60).default(5),
    clipMaxSeconds: z.number().min(1).max(600).default(60).describe('Longest sound kept of one event.'),
    scoreDays: z.number().positive().default(1).describe('After this, scores are rolled up to minutes.'),
    minuteDays: z.number().positive().default(365),
  })
  .prefault({});

const alertShape = {
  falseAlarms: z.number().positive().default(1).describe('False-alarm budget: at most this many …'),
  per: z
    .enum(['hour', 'day', 'week', 'month', 'year'])
    .default('week')
    .describe('… in this time, under conditions like those recorded.'),
  clearAfterWindows: z.int().min(1).default(10).describe('Consecutive calm windows before an alarm clears.'),
  cooldownSeconds: z.number().min(0).default(30).describe('No new alarm for this long after one cleared.'),
  latch: z.boolean().default(false).describe('true: an alarm stays until somebody acknowledges it.'),
  warmUpSeconds: z
    .number()
    .min(0)
    .default(5)
    .describe('After the machine starts, or the feed, nothing is judged for this long.'),
};
const alerts = z.strictObject(alertShape).prefault({});
/** The same keys without defaults: what a feed leaves out comes from the common section. */
const alertsOverride = z.strictObject({
  falseAlarms: alertShape.falseAlarms.unwrap().optional(),
  per: alertShape.per.unwrap().optional(),
  clearAfterWindows: alertShape.clearAfterWindows.unwrap().optional(),
  cooldownSeconds: alertShape.cooldownSeconds.unwrap().optional(),
  latch: alertShape.latch.unwrap().optional(),
  warmUpSeconds: alertShape.warmUpSeconds.unwrap().optional(),
});

const microphone = z.strictObject({
  type: z.literal('microphone'),
  device: z.string().default('default').describe('A stable name from `auscult devices`, e.g. plughw:CARD=Device.'),
  recorder: z.enum(['arecord', 'sox']).default('arecord'),
  rateHz: z.int().min(4000).max(384000).default(16000),
  channels: z.int().min(1).max(64).default(1),
  channel: z.int().min(0).max(63).default(0).describe('Which channel to listen to, counted from 0.'),
  staleSeconds: seconds.default(5).describe('No sound for this long is a sensor fault; the recorder is started again.'),
  checkRate: z.boolean().default(true).describe('Compare the sample rate with the clock.'),
});

const wav = z.strictObject({
  type: z.literal('wav'),
  files: z.array(path).min(1).describe('Played one after the other.'),
  loop: z.boolean().default(false),
  realTime: z.boolean().default(true).describe('false: as fast as the machine allows.'),
  channel: z.int().min(0).max(65534).default(0),
});

const audioFolder = z.strictObject({
  type: z.literal('audio-folder'),
  folder: path.describe('Every WAV file that is new in it, or written anew, is scored.'),
  existing: z.boolean().default(false).describe('true: also the files that are there at the start.'),
  channel: z.int().min(0).max(65534).default(0),
});

const ffmpeg = z.strictObject({
  type: z.literal('ffmpeg'),
  url: z.string().min(1).describe('Any address or file that ffmpeg reads: rtsp://…, .flac, .mp3.'),
  channel: z.int().min(0).max(63).default(0),
  channels: z.int().min(1).max(64).default(1),
  staleSeconds: seconds.default(10),
});

const imageFolder = z.strictObject({
  type: z.literal('image-folder'),
  folder: path.describe('Every JPEG or PNG that is new in it, or written anew, is scored.'),
  existing: z.boolean().default(false),
});

const table = z.strictObject({
  type: z.literal('table'),
  file: path.describe('CSV or JSON-lines file; "-" for standard input.'),
  follow: z.boolean().default(true).describe('Keep reading as rows are appended.'),
  fromStart: z.boolean().default(false).describe('false with follow: only rows appended from now on.'),
  intervalSeconds: seconds.default(1).describe('Time between rows when no column carries it.'),
});

const topic = z.strictObject({
  type: z.literal('topic'),
  topic: oneTopic.describe(
    'Topic on the broker of the section mqtt. A message is a JSON object, which is a row, or an array of them.',
  ),
  staleSeconds: seconds.default(60).describe('No row for this long is a sensor fault.'),
  intervalSeconds: seconds
    .default(1)
    .describe('Time between the rows of one array when no column carries it; a row alone happens when it arrives.'),
});

const feed = z.strictObject({
  name: topicLevel.describe('Unique name of the feed.'),
  machine: topicLevel.optional().describe('The machine it belongs to; default: the name. Several feeds may share one.'),
  model: path.describe('Folder of the model package. If it is not there yet, the feed waits for the command learn.'),
  source: z.discriminatedUnion('type', [microphone, wav, audioFolder, ffmpeg, imageFolder, table, topic]),
  learn: z
    .strictObject({
      preset: z
        .string()
        .min(1)
        .optional()
        .describe('What `learn` trains, a name of `auscult train --preset`. Default: mel-mean, image-flat or table.'),
      level: z.enum(['keep', 'match']).default('keep').describe('Sound: judge it as recorded, or at equal loudness.'),
    })
    .prefault({}),
  drift: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Follow slow changes of normal. The score of the model as commissioned is stored beside it.'),
      anchor: z
        .number()
        .min(0.01)
        .max(0.05)
        .default(0.02)
        .describe('Share of the commissioned model that always stays in what is followed.'),
      cap: z
        .number()
        .positive()
        .default(2)
        .describe(
          'Farthest from the commissioned model, nats (2 is two standard deviations in one direction); beyond, nothing more is followed.',
        ),
    })
    .prefault({}),
  alerts: alertsOverride.optional().describe('Overrides of the common alerts section.'),
  operating: z
    .strictObject({
      from: z.enum(['level', 'topic', 'always']).default('level').describe('How the machine is known to run.'),
      topic: oneTopic.optional().describe('With from: topic. Payload on/off, true/false, 1/0 or running/off.'),
    })
    .prefault({}),
});

export const configSchema = z.strictObject({
  site: topicLevel.default('site').describe('Second level of every topic.'),
  dataDir: path.default('data').describe('SQLite file, clips and learned sounds; made if missing.'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  engine,
  mqtt,
  http,
  store,
  alerts,
  feeds: z.array(feed).min(1).describe('What is listened to.'),
});

/** The validated configuration as the schema infers it, before paths and secrets are resolved. */
export type ConfigShape = z.infer<typeof configSchema>;
export type FeedShape = ConfigShape['feeds'][number];
export type AlertsConfig = ConfigShape['alerts'];
