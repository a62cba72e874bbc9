BEGIN TRANSACTION;
CREATE TABLE deliveries (
	connection TEXT NOT NULL, 
	partition TEXT NOT NULL, 
	name TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	archived_as TEXT NOT NULL, 
	run TEXT NOT NULL, 
	collected_at TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	modified BIGINT NOT NULL, 
	PRIMARY KEY (connection, partition)
);
CREATE TABLE findings (
	id INTEGER NOT NULL, 
	connection TEXT NOT NULL, 
	partition TEXT NOT NULL, 
	file_name TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	run TEXT NOT NULL, 
	"end" TEXT NOT NULL, 
	document TEXT NOT NULL, 
	code TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	remedy TEXT NOT NULL, 
	vendor TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	"column" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	"row" INTEGER NOT NULL, 
	line INTEGER NOT NULL, 
	first_seen TEXT NOT NULL, 
	last_seen TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE journal (
	seq BIGINT NOT NULL, 
	at TEXT NOT NULL, 
	run TEXT NOT NULL, 
	what TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "journal" VALUES(1,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","file_name":"invoices.csv","fingerprint":"2780a83b3fa0651ce1fec1090fba124da0920980d6031e68fdbf04d0f1f8a08d","first_row":1,"key":"f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316","mapped_digest":"98cb19a9e56ee5108f493ba5819c3ed02bf744bd35dba4a3f35eae032222aeb2","mapping_version":"m1","number":"INV 7","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"planned"}','0000000000000000000000000000000000000000000000000000000000000000','bbe278d75306f1771fcf9bf2de918a47f41a709196ada896cae72d6a459b4270');
INSERT INTO "journal" VALUES(2,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","file_name":"invoices.csv","fingerprint":"59205756daaffdbb92e209ca3c8adc5f82eaa0afefbfde5bce2d4a6d64de45a7","first_row":1,"key":"ad67746dbc63ae881ce33142e6e134fce94334a8effaf8997b713480f3fa944f","mapped_digest":"7cbea534019ddaf756895112549dd60b29a30e1618e9249db922c0bbdff2fce7","mapping_version":"m1","number":"B-2","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"planned"}','bbe278d75306f1771fcf9bf2de918a47f41a709196ada896cae72d6a459b4270','c9a28d8dfb15b15c55cc1da3d024d664aea384c1d33f3846cb9b0eaf6f8cf6a3');
INSERT INTO "journal" VALUES(3,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","digest":"98cb19a9e56ee5108f493ba5819c3ed02bf744bd35dba4a3f35eae032222aeb2","epoch":1,"file_name":"invoices.csv","fingerprint":"2780a83b3fa0651ce1fec1090fba124da0920980d6031e68fdbf04d0f1f8a08d","first_row":1,"key":"f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316","mapped_digest":"98cb19a9e56ee5108f493ba5819c3ed02bf744bd35dba4a3f35eae032222aeb2","mapping_version":"m1","number":"INV 7","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"sending"}','c9a28d8dfb15b15c55cc1da3d024d664aea384c1d33f3846cb9b0eaf6f8cf6a3','978480dd1c75b2b18e310534e154abb4be232ed0d69f66d933cb4976220bef47');
INSERT INTO "journal" VALUES(4,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","digest":"7cbea534019ddaf756895112549dd60b29a30e1618e9249db922c0bbdff2fce7","epoch":1,"file_name":"invoices.csv","fingerprint":"59205756daaffdbb92e209ca3c8adc5f82eaa0afefbfde5bce2d4a6d64de45a7","first_row":1,"key":"ad67746dbc63ae881ce33142e6e134fce94334a8effaf8997b713480f3fa944f","mapped_digest":"7cbea534019ddaf756895112549dd60b29a30e1618e9249db922c0bbdff2fce7","mapping_version":"m1","number":"B-2","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"sending"}','978480dd1c75b2b18e310534e154abb4be232ed0d69f66d933cb4976220bef47','07bd604fe8732ee16a7d55a81fc22425588b4a2bbdbe136c3a0055b9f3ae42a2');
INSERT INTO "journal" VALUES(5,'2026-11-20T09:00:00.000000+00:00','run-1','{"connection":"acme_us","currency":"USD","epoch":1,"key":"f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316","number":"INV 7","partition":"20261121T0900_invoices_0a1b2c3d","record_no":"4001","state":"posted","total":"118.00","vendor_id":"V-1","what":"posted"}','07bd604fe8732ee16a7d55a81fc22425588b4a2bbdbe136c3a0055b9f3ae42a2','bb328e48605452786b0c1d5227d754f623eca206ecffe92b43736e43054eb95b');
CREATE TABLE ledger_meta (
	version INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "ledger_meta" VALUES(1,'2026-11-20T09:00:00.000000+00:00');
CREATE TABLE postings (
	"key" TEXT NOT NULL, 
	erp TEXT NOT NULL, 
	company TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	connection TEXT NOT NULL, 
	stampli_id TEXT NOT NULL, 
	stampli_vendor TEXT NOT NULL, 
	number TEXT NOT NULL, 
	vendor_id TEXT NOT NULL, 
	vendor_name TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	mapped_digest TEXT NOT NULL, 
	mapping_version TEXT NOT NULL, 
	accounts TEXT NOT NULL, 
	partition TEXT NOT NULL, 
	file_name TEXT NOT NULL, 
	run TEXT NOT NULL, 
	total BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	first_row INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	intent_at TEXT, 
	record_no TEXT NOT NULL, 
	adopted BOOLEAN NOT NULL, 
	reason_code TEXT NOT NULL, 
	reason_sentence TEXT NOT NULL, 
	reason_remedy TEXT NOT NULL, 
	reason_raw TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "postings" VALUES('f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316','intacct','ACME','bill','acme_us','ST-V-1-INV 7','V-1','INV 7','V-1','Old Mill Printing','2780a83b3fa0651ce1fec1090fba124da0920980d6031e68fdbf04d0f1f8a08d','98cb19a9e56ee5108f493ba5819c3ed02bf744bd35dba4a3f35eae032222aeb2','m1','62200','20261121T0900_invoices_0a1b2c3d','invoices.csv','run-1',11800,'USD',1,1,'posted',3,'2026-11-20T09:00:00.000000+00:00','4001',0,'','','','','2026-11-20T09:00:00.000000+00:00');
INSERT INTO "postings" VALUES('ad67746dbc63ae881ce33142e6e134fce94334a8effaf8997b713480f3fa944f','intacct','ACME','bill','acme_us','ST-V-1-B-2','V-1','B-2','V-1','Old Mill Printing','59205756daaffdbb92e209ca3c8adc5f82eaa0afefbfde5bce2d4a6d64de45a7','7cbea534019ddaf756895112549dd60b29a30e1618e9249db922c0bbdff2fce7','m1','62200','20261121T0900_invoices_0a1b2c3d','invoices.csv','run-1',11800,'USD',1,1,'sending',2,'2026-11-20T09:00:00.000000+00:00','',0,'','','','','2026-11-20T09:00:00.000000+00:00');
CREATE UNIQUE INDEX one_document_in_the_erp ON postings (erp, company, kind, vendor_id, number) WHERE state IN ('sending', 'unknown', 'posted');
CREATE INDEX postings_by_stampli_id ON postings (erp, company, kind, stampli_id);
CREATE INDEX postings_by_file ON postings (connection, partition);
CREATE INDEX deliveries_by_digest ON deliveries (connection, digest);
CREATE INDEX findings_by_file ON findings (connection, partition, stage);
CREATE TRIGGER journal_keeps_UPDATE BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_keeps_DELETE BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
COMMIT;
