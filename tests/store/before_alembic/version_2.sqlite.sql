CREATE TABLE schema_version (
    version INTEGER NOT NULL,
    PRIMARY KEY (version)
);

CREATE TABLE api_keys (
    id VARCHAR(32) NOT NULL,
    digest BLOB NOT NULL,
    name VARCHAR(200) NOT NULL,
    scopes VARCHAR(200) NOT NULL,
    created_at DATETIME NOT NULL,
    last_used_at DATETIME,
    revoked_at DATETIME,
    requests_per_minute FLOAT,
    max_concurrent INTEGER,
    video_ms_per_month BIGINT,
    PRIMARY KEY (id),
    UNIQUE (digest)
);

CREATE TABLE usage (
    key_id VARCHAR(32) NOT NULL,
    month VARCHAR(7) NOT NULL,
    bytes BIGINT NOT NULL,
    video_ms BIGINT NOT NULL,
    PRIMARY KEY (key_id, month)
);

CREATE TABLE signing_keys (
    id VARCHAR(8) NOT NULL,
    secret BLOB NOT NULL,
    created_at DATETIME NOT NULL,
    retired_at DATETIME,
    PRIMARY KEY (id)
);

CREATE TABLE client_tokens (
    id VARCHAR(32) NOT NULL,
    key_id VARCHAR(32) NOT NULL,
    scopes VARCHAR(200) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    revoked_at DATETIME,
    max_duration_s INTEGER,
    max_bytes BIGINT,
    max_concurrent INTEGER,
    max_video_ms BIGINT,
    allowed_origins TEXT,
    used_bytes BIGINT NOT NULL,
    used_video_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX ix_client_tokens_expires_at ON client_tokens (expires_at);

CREATE TABLE runners (
    id VARCHAR(32) NOT NULL,
    alive_until DATETIME NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE places (
    id VARCHAR(32) NOT NULL,
    runner_id VARCHAR(32) NOT NULL,
    key_id VARCHAR(32) NOT NULL,
    token_id VARCHAR(32),
    PRIMARY KEY (id)
);

CREATE INDEX ix_places_runner_id ON places (runner_id);

CREATE INDEX ix_places_key_id ON places (key_id);

CREATE INDEX ix_places_token_id ON places (token_id);

CREATE TABLE jobs (
    id VARCHAR(32) NOT NULL,
    key_id VARCHAR(32) NOT NULL,
    runner_id VARCHAR(32) NOT NULL,
    correlation_id VARCHAR(36) NOT NULL,
    model VARCHAR(32) NOT NULL,
    status VARCHAR(16) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    result BLOB,
    error_id VARCHAR(8),
    error_message TEXT,
    PRIMARY KEY (id)
);

CREATE INDEX ix_jobs_expires_at ON jobs (expires_at);

CREATE INDEX jobs_of_key ON jobs (key_id, status);

INSERT INTO schema_version (version) VALUES (2);
