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
    PRIMARY KEY (id),
    UNIQUE (digest)
);

INSERT INTO schema_version (version) VALUES (1);
