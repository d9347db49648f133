// Crosscheck judges what a ledger made with the implementation of golang.org/x/mod, which shares
// nothing with it. It reads one JSON request a line from standard input and answers each with one
// line: whether it accepts, and if not, why.
//
//	note    is a note signed by the key
//	record  does a proof show the leaf in the tree of this size and root
//	tree    does a proof show that the tree goes on from the older one
//	roots   the root over each number of the first leaves
//	proof   does a tlog-proof show the leaf under a checkpoint signed by the key
//	log     does a published folder hold the whole tree of its checkpoint, signed by the key
//
// TileHashReader of this version takes a forged tile for true (CVE-2026-56865), so every published
// tile is compared with the one that the published entries give, and only then read through it.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type request struct {
	Kind    string
	Data    []byte
	Key     string
	Folder  string
	Leaf    []byte
	Leaves  [][]byte
	Proof   [][]byte
	Index   int64
	Size    int64
	Root    []byte
	OldSize int64  `json:"old_size"`
	OldRoot []byte `json:"old_root"`
}

type answer struct {
	OK    bool     `json:"ok"`
	Why   string   `json:"why,omitempty"`
	Size  int64    `json:"size,omitempty"`
	Roots [][]byte `json:"roots,omitempty"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(in)
	for decoder.More() {
		var asked request
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, "crosscheck: no request:", err)
			os.Exit(2)
		}
		var said answer
		if err := judge(&asked, &said); err != nil {
			said = answer{Why: err.Error()}
		} else {
			said.OK = true
		}
		if err := out.Encode(said); err != nil {
			os.Exit(2)
		}
	}
}

func judge(asked *request, said *answer) error {
	switch asked.Kind {
	case "note":
		_, err := openCheckpoint(asked.Data, asked.Key)
		return err
	case "record":
		return checkRecord(asked)
	case "tree":
		return checkTree(asked)
	case "roots":
		return findRoots(asked, said)
	case "proof":
		return checkProof(asked)
	case "log":
		return checkLog(asked, said)
	}
	return fmt.Errorf("unknown kind %q", asked.Kind)
}

// openCheckpoint returns the tree of a checkpoint that the key signed.
func openCheckpoint(data []byte, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, errors.New("the text is no checkpoint of the signer")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func checkRecord(asked *request) error {
	proof, err := hashes(asked.Proof)
	if err != nil {
		return err
	}
	root, leaf, err := pair(asked.Root, asked.Leaf)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, asked.Size, root, asked.Index, leaf)
}

func checkTree(asked *request) error {
	proof, err := hashes(asked.Proof)
	if err != nil {
		return err
	}
	root, old, err := pair(asked.Root, asked.OldRoot)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, asked.Size, root, asked.OldSize, old)
}

func findRoots(asked *request, said *answer) error {
	var stored memory
	for number, data := range asked.Leaves {
		leaf, err := hash(data)
		if err != nil {
			return err
		}
		if err := stored.add(int64(number), leaf); err != nil {
			return err
		}
		root, err := tlog.TreeHash(int64(number)+1, stored)
		if err != nil {
			return err
		}
		said.Roots = append(said.Roots, append([]byte(nil), root[:]...))
	}
	return nil
}

// checkProof reads a tlog-proof: a header, maybe extra data, the index, hashes, a checkpoint.
func checkProof(asked *request) error {
	parts := bytes.SplitN(asked.Data, []byte("\n\n"), 2)
	lines := strings.Split(string(parts[0]), "\n")
	if len(parts) != 2 || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no tlog-proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		found, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, found)
	}
	tree, err := openCheckpoint(parts[1], asked.Key)
	if err != nil {
		return err
	}
	leaf, err := hash(asked.Leaf)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
}

// checkLog builds the tree anew from the published entries and compares root and tiles with it.
func checkLog(asked *request, said *answer) error {
	data, err := os.ReadFile(filepath.Join(asked.Folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(data, asked.Key)
	if err != nil {
		return err
	}
	stored, err := readEntries(asked.Folder, tree.N)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the entries give another root")
	}
	published := folder(asked.Folder)
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		// It names a partial tile for every size up to this one, not only for checkpoints.
		width := tree.N >> (height * tile.L) & (1<<height - 1)
		if tile.W < 1<<height && int64(tile.W) != width {
			continue
		}
		if err := published.compare(tile, stored); err != nil {
			return err
		}
	}
	said.Size = tree.N
	return proveThroughTiles(published, tree, stored)
}

func readEntries(root string, size int64) (memory, error) {
	var stored memory
	for start := int64(0); start < size; start += 1 << height {
		width := size - start
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}
		data, err := os.ReadFile(filepath.Join(root, path(tile)))
		if err != nil {
			return nil, err
		}
		for number := start; number < start+width; number++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends before entry %d", path(tile), number)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			if err := stored.add(number, tlog.RecordHash(data[2:end])); err != nil {
				return nil, err
			}
			data = data[end:]
		}
		if len(data) > 0 {
			return nil, fmt.Errorf("%s holds more than its entries", path(tile))
		}
	}
	return stored, nil
}

// proveThroughTiles reads proofs of some entries through the tiles, as a client would.
func proveThroughTiles(published folder, tree tlog.Tree, stored memory) error {
	reader := tlog.TileHashReader(tree, published)
	step := tree.N/64 + 1
	for number := int64(0); number < tree.N; number += step {
		proof, err := tlog.ProveRecord(tree.N, number, reader)
		if err != nil {
			return err
		}
		leaf := stored[tlog.StoredHashIndex(0, number)]
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, number, leaf); err != nil {
			return err
		}
	}
	return nil
}

// memory holds the hashes of a tree in the order of tlog.StoredHashIndex.
type memory []tlog.Hash

func (m *memory) add(number int64, leaf tlog.Hash) error {
	more, err := tlog.StoredHashesForRecordHash(number, leaf, *m)
	*m = append(*m, more...)
	return err
}

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(m)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found[i] = m[index]
	}
	return found, nil
}

// folder hands out published tiles.
type folder string

func (f folder) Height() int { return height }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), path(tile)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (f folder) compare(tile tlog.Tile, stored memory) error {
	want, err := tlog.ReadTileData(tile, stored)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(string(f), path(tile)))
	if err != nil {
		return err
	}
	if !bytes.Equal(data, want) {
		return fmt.Errorf("%s is not the tile of its entries", path(tile))
	}
	return nil
}

// path is where tlog-tiles has a tile: without the height, and entries under their own name.
func path(tile tlog.Tile) string {
	rest := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	return "tile/" + strings.Replace(rest, "data/", "entries/", 1)
}

func hash(data []byte) (tlog.Hash, error) {
	return tlog.ParseHash(base64.StdEncoding.EncodeToString(data))
}

func hashes(data [][]byte) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, one := range data {
		parsed, err := hash(one)
		if err != nil {
			return nil, err
		}
		found = append(found, parsed)
	}
	return found, nil
}

func pair(one, two []byte) (tlog.Hash, tlog.Hash, error) {
	both, err := hashes([][]byte{one, two})
	if err != nil {
		return tlog.Hash{}, tlog.Hash{}, err
	}
	return both[0], both[1], nil
}
