BEGIN TRANSACTION;
CREATE TABLE decisions (
	"key" TEXT NOT NULL, 
	what TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	because TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY ("key", what)
);
INSERT INTO "decisions" VALUES('7b24b1c3c4a85ae23416ab99285ded470d80088dff11eea60eb14f5a0babaadf','distinct','R. Controller','two deliveries','2026-11-20T09:00:00.000000+00:00');
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
INSERT INTO "deliveries" VALUES('acme_us','20261118T1106_invoices_b2b1d335','invoices.csv','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','','run-1','2026-11-20T09:00:00.000000+00:00',10,1795000000);
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
INSERT INTO "journal" VALUES(1,'2026-11-20T09:00:00.000000+00:00','run-1','{"connection":"acme_us","digest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","modified":1795000000,"name":"invoices.csv","partition":"20261118T1106_invoices_b2b1d335","size":10,"what":"collected"}','0000000000000000000000000000000000000000000000000000000000000000','bc8b4680fbe74ef5a2d5a0efd22b8359e160c8fa85bc185aed76fddf3f2b7f50');
INSERT INTO "journal" VALUES(2,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","file_name":"invoices.csv","fingerprint":"2780a83b3fa0651ce1fec1090fba124da0920980d6031e68fdbf04d0f1f8a08d","first_row":1,"key":"f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316","mapped_digest":"eb26faccb9382d6046a9b3b944c33517e56509f3974399133387aada829e48bb","mapping_version":"m1","number":"INV 7","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"planned"}','bc8b4680fbe74ef5a2d5a0efd22b8359e160c8fa85bc185aed76fddf3f2b7f50','f99b879591c8a169913bf0360742020113ab948555f20620a3509e1587583daf');
INSERT INTO "journal" VALUES(3,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","file_name":"invoices.csv","fingerprint":"59205756daaffdbb92e209ca3c8adc5f82eaa0afefbfde5bce2d4a6d64de45a7","first_row":1,"key":"ad67746dbc63ae881ce33142e6e134fce94334a8effaf8997b713480f3fa944f","mapped_digest":"446f6279e90425894567964add504bd178bc6e27205ca4a6058079e2b639f873","mapping_version":"m1","number":"B-2","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"planned"}','f99b879591c8a169913bf0360742020113ab948555f20620a3509e1587583daf','618fe53304bcd483e7c6e29a3d00b7deed73f700053d48d24f3d6270dbce9d42');
INSERT INTO "journal" VALUES(4,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","file_name":"invoices.csv","fingerprint":"53c9d9658571ef90f94dd4ae6cac9135bbc390e584381a3f34f0fde70252fd53","first_row":1,"key":"c55aba755c84ba1c37e643725f368e93740e46f7fb7a138dafa435937f475a3b","mapped_digest":"f8d5afa0bf04794d3778958c0a729b01ef2d12330cc5db702d595dd29e33ac5f","mapping_version":"m1","number":"C-3","partition":"20261121T0900_invoices_0a1b2c3d","total":"-118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"planned"}','618fe53304bcd483e7c6e29a3d00b7deed73f700053d48d24f3d6270dbce9d42','677c5c03bf37bcc5bf237f8b6d4e7fc3a9aebc56ef290cdd68091deae8b1b9e4');
INSERT INTO "journal" VALUES(5,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","file_name":"invoices.csv","fingerprint":"435014978a2b0f24fc80a8347eb43380b9369207b789e624f9f0433ae827b5ec","first_row":1,"key":"7b24b1c3c4a85ae23416ab99285ded470d80088dff11eea60eb14f5a0babaadf","mapped_digest":"d3e1d68cf37ea6d2cbc377a7d1860ab701fcf0a3cca226243fc8e6d6aba7b45c","mapping_version":"m1","number":"H-4","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"planned"}','677c5c03bf37bcc5bf237f8b6d4e7fc3a9aebc56ef290cdd68091deae8b1b9e4','af228b3f065b5b1906c57fe9a4b61fc9f27c3ac5e76ee6b5ba9499defe478a39');
INSERT INTO "journal" VALUES(6,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","digest":"eb26faccb9382d6046a9b3b944c33517e56509f3974399133387aada829e48bb","epoch":1,"file_name":"invoices.csv","fingerprint":"2780a83b3fa0651ce1fec1090fba124da0920980d6031e68fdbf04d0f1f8a08d","first_row":1,"key":"f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316","mapped_digest":"eb26faccb9382d6046a9b3b944c33517e56509f3974399133387aada829e48bb","mapping_version":"m1","number":"INV 7","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"sending"}','af228b3f065b5b1906c57fe9a4b61fc9f27c3ac5e76ee6b5ba9499defe478a39','e3f5e923711d2b82f91c6f12e7c97c1ca7c50c1a8a50b1d9853d2c8f0ec96878');
INSERT INTO "journal" VALUES(7,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","digest":"446f6279e90425894567964add504bd178bc6e27205ca4a6058079e2b639f873","epoch":1,"file_name":"invoices.csv","fingerprint":"59205756daaffdbb92e209ca3c8adc5f82eaa0afefbfde5bce2d4a6d64de45a7","first_row":1,"key":"ad67746dbc63ae881ce33142e6e134fce94334a8effaf8997b713480f3fa944f","mapped_digest":"446f6279e90425894567964add504bd178bc6e27205ca4a6058079e2b639f873","mapping_version":"m1","number":"B-2","partition":"20261121T0900_invoices_0a1b2c3d","total":"118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"sending"}','e3f5e923711d2b82f91c6f12e7c97c1ca7c50c1a8a50b1d9853d2c8f0ec96878','e566e6ab85ffb4387517c32e5c833fdedb971f704676bf249883e20f235d0822');
INSERT INTO "journal" VALUES(8,'2026-11-20T09:00:00.000000+00:00','run-1','{"accounts":"62200","connection":"acme_us","currency":"USD","digest":"f8d5afa0bf04794d3778958c0a729b01ef2d12330cc5db702d595dd29e33ac5f","epoch":1,"file_name":"invoices.csv","fingerprint":"53c9d9658571ef90f94dd4ae6cac9135bbc390e584381a3f34f0fde70252fd53","first_row":1,"key":"c55aba755c84ba1c37e643725f368e93740e46f7fb7a138dafa435937f475a3b","mapped_digest":"f8d5afa0bf04794d3778958c0a729b01ef2d12330cc5db702d595dd29e33ac5f","mapping_version":"m1","number":"C-3","partition":"20261121T0900_invoices_0a1b2c3d","total":"-118.00","vendor_id":"V-1","vendor_name":"Old Mill Printing","what":"sending"}','e566e6ab85ffb4387517c32e5c833fdedb971f704676bf249883e20f235d0822','f192cef505a0fb376328717e37c6a70b5840bab914992447cbe02b2114f734a7');
INSERT INTO "journal" VALUES(9,'2026-11-20T09:00:00.000000+00:00','run-1','{"connection":"acme_us","currency":"USD","epoch":1,"key":"f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316","number":"INV 7","partition":"20261121T0900_invoices_0a1b2c3d","record_no":"4001","state":"posted","total":"118.00","vendor_id":"V-1","what":"posted"}','f192cef505a0fb376328717e37c6a70b5840bab914992447cbe02b2114f734a7','98fa229206f9712a380d7cc33391e5e4906c05ff8ad73b0b1de378643301ab79');
INSERT INTO "journal" VALUES(10,'2026-11-20T09:00:00.000000+00:00','run-1','{"connection":"acme_us","currency":"USD","epoch":1,"key":"c55aba755c84ba1c37e643725f368e93740e46f7fb7a138dafa435937f475a3b","number":"C-3","partition":"20261121T0900_invoices_0a1b2c3d","reason_code":"TIMEOUT","reason_sentence":"No answer came.","state":"unknown","total":"-118.00","vendor_id":"V-1","what":"unknown"}','98fa229206f9712a380d7cc33391e5e4906c05ff8ad73b0b1de378643301ab79','0b05d3a67d2d44f69c13cb21a80e285db21fd90ebea6c214bcb6fb84487ea0e9');
INSERT INTO "journal" VALUES(11,'2026-11-20T09:00:00.000000+00:00','run-1','{"connection":"acme_us","currency":"USD","epoch":1,"key":"7b24b1c3c4a85ae23416ab99285ded470d80088dff11eea60eb14f5a0babaadf","number":"H-4","partition":"20261121T0900_invoices_0a1b2c3d","reason_code":"AGREE","reason_remedy":"Look.","reason_sentence":"It does not agree.","state":"held","total":"118.00","vendor_id":"V-1","what":"held"}','0b05d3a67d2d44f69c13cb21a80e285db21fd90ebea6c214bcb6fb84487ea0e9','d2393d2be91c3b6ece4e6ea36dd8820fe09807377d0ced8d421afcc30115fb9d');
INSERT INTO "journal" VALUES(12,'2026-11-20T09:00:00.000000+00:00','','{"because":"two deliveries","by":"R. Controller","decision":"distinct","key":"7b24b1c3c4a85ae23416ab99285ded470d80088dff11eea60eb14f5a0babaadf","what":"decided"}','d2393d2be91c3b6ece4e6ea36dd8820fe09807377d0ced8d421afcc30115fb9d','a3bc153a3b474801f4f22bd9e260c5709a4f74a018a9a169bc59e7c2ef43aebf');
CREATE TABLE leases (
	name TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	holder TEXT NOT NULL, 
	until TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "leases" VALUES('f',1,'run-1','2026-11-20T09:01:30.000000+00:00');
CREATE TABLE ledger_meta (
	version INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "ledger_meta" VALUES(2,'2026-11-20T09:00:00.000000+00:00');
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
	number_folded TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "postings" VALUES('f2262788ed0f230bdbf8391ed973be573c85955b3801aa94abe27af15b756316','intacct','ACME','bill','acme_us','ST-V-1-INV 7','V-1','INV 7','V-1','Old Mill Printing','2780a83b3fa0651ce1fec1090fba124da0920980d6031e68fdbf04d0f1f8a08d','eb26faccb9382d6046a9b3b944c33517e56509f3974399133387aada829e48bb','m1','62200','20261121T0900_invoices_0a1b2c3d','invoices.csv','run-1',11800,'USD',1,1,'posted',3,'2026-11-20T09:00:00.000000+00:00','4001',0,'','','','','2026-11-20T09:00:00.000000+00:00','inv7');
INSERT INTO "postings" VALUES('ad67746dbc63ae881ce33142e6e134fce94334a8effaf8997b713480f3fa944f','intacct','ACME','bill','acme_us','ST-V-1-B-2','V-1','B-2','V-1','Old Mill Printing','59205756daaffdbb92e209ca3c8adc5f82eaa0afefbfde5bce2d4a6d64de45a7','446f6279e90425894567964add504bd178bc6e27205ca4a6058079e2b639f873','m1','62200','20261121T0900_invoices_0a1b2c3d','invoices.csv','run-1',11800,'USD',1,1,'sending',2,'2026-11-20T09:00:00.000000+00:00','',0,'','','','','2026-11-20T09:00:00.000000+00:00','b-2');
INSERT INTO "postings" VALUES('c55aba755c84ba1c37e643725f368e93740e46f7fb7a138dafa435937f475a3b','intacct','ACME','credit','acme_us','ST-V-1-C-3-CM','V-1','C-3','V-1','Old Mill Printing','53c9d9658571ef90f94dd4ae6cac9135bbc390e584381a3f34f0fde70252fd53','f8d5afa0bf04794d3778958c0a729b01ef2d12330cc5db702d595dd29e33ac5f','m1','62200','20261121T0900_invoices_0a1b2c3d','invoices.csv','run-1',-11800,'USD',1,1,'unknown',3,'2026-11-20T09:00:00.000000+00:00','',0,'TIMEOUT','No answer came.','','','2026-11-20T09:00:00.000000+00:00','c-3');
INSERT INTO "postings" VALUES('7b24b1c3c4a85ae23416ab99285ded470d80088dff11eea60eb14f5a0babaadf','intacct','ACME','bill','acme_us','ST-V-1-H-4','V-1','H-4','V-1','Old Mill Printing','435014978a2b0f24fc80a8347eb43380b9369207b789e624f9f0433ae827b5ec','d3e1d68cf37ea6d2cbc377a7d1860ab701fcf0a3cca226243fc8e6d6aba7b45c','m1','62200','20261121T0900_invoices_0a1b2c3d','invoices.csv','run-1',11800,'USD',1,1,'held',2,NULL,'',0,'AGREE','It does not agree.','Look.','','2026-11-20T09:00:00.000000+00:00','h-4');
CREATE INDEX postings_by_folded_number ON postings (erp, company, kind, number_folded);
CREATE INDEX postings_by_file ON postings (connection, partition);
CREATE INDEX postings_by_stampli_id ON postings (erp, company, kind, stampli_id);
CREATE UNIQUE INDEX one_document_in_the_erp ON postings (erp, company, kind, vendor_id, number) WHERE state IN ('sending', 'unknown', 'posted');
CREATE INDEX deliveries_by_digest ON deliveries (connection, digest);
CREATE INDEX findings_by_file ON findings (connection, partition, stage);
CREATE TRIGGER journal_keeps_UPDATE BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_keeps_DELETE BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
COMMIT;
