package lakekeys

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"spiceharvester/shared/problem"
)

// KeyVariable holds the key that seals the secrets: 32 bytes, as 64 hexadecimal
// digits or in base64.
const KeyVariable = "LAKEFS_CREDENTIALS_ENCRYPTION_KEY"

var (
	textNoKey = problem.Define("lakekeys.no_key",
		"Credentials of lakeFS cannot be kept: {variable} is not set. Set it to 32 random bytes, as 64 hexadecimal digits or in base64, and start again.",
		"lakeFS 자격 증명을 보관할 수 없습니다: {variable}이(가) 설정되지 않았습니다. 32바이트 난수를 16진수 64자리 또는 base64로 설정한 뒤 다시 시작하세요.")
	textBadKey = problem.Define("lakekeys.bad_key",
		"Credentials of lakeFS cannot be kept: {variable} is not 32 bytes, as 64 hexadecimal digits or in base64. Correct it and start again.",
		"lakeFS 자격 증명을 보관할 수 없습니다: {variable} 값이 32바이트(16진수 64자리 또는 base64)가 아닙니다. 값을 고친 뒤 다시 시작하세요.")
	textOtherKey = problem.Define("lakekeys.other_key",
		"The stored credentials of lakeFS cannot be opened: {variable} is another key than the one that sealed them. Set that key again, or store the credentials anew.",
		"저장된 lakeFS 자격 증명을 열 수 없습니다: {variable} 값이 봉인할 때의 키와 다릅니다. 원래 키를 설정하거나 자격 증명을 다시 저장하세요.")
)

// Sealer seals secrets with AES-256-GCM. What it gives is a nonce of its own, the
// ciphertext and the tag, one behind the other.
type Sealer struct {
	aead cipher.AEAD
	why  *problem.Problem // why there is no key
	rand io.Reader
}

// NewSealer makes a sealer out of the text of a key. Without a key, or with a bad one,
// whoever needs it is told which variable to set: 503.
func NewSealer(key string, rand io.Reader) *Sealer {
	s := &Sealer{rand: rand}
	refused := func(text *problem.Text) *Sealer {
		s.why = problem.NewCode(problem.ServiceUnavailable, text.With("variable", KeyVariable))
		return s
	}
	if key = strings.TrimSpace(key); key == "" {
		return refused(textNoKey)
	}
	raw, ok := decodeKey(key)
	if !ok {
		return refused(textBadKey)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return refused(textBadKey)
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		return refused(textBadKey)
	}
	return s
}

// decodeKey reads 32 bytes in one of the usual forms.
func decodeKey(text string) ([]byte, bool) {
	bare := strings.TrimRight(text, "=")
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.RawURLEncoding.DecodeString, base64.RawStdEncoding.DecodeString} {
		if raw, err := decode(bare); err == nil && len(raw) == 32 {
			return raw, true
		}
	}
	return nil, false
}

// seal encrypts a secret. The identity is authenticated with it: a record that is
// copied to another identity does not open.
func (s *Sealer) seal(secret, identity string) ([]byte, error) {
	if s.why != nil {
		return nil, s.why
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return nil, fmt.Errorf("lakekeys: nonce: %w", err)
	}
	return s.aead.Seal(nonce, nonce, []byte(secret), []byte(identity)), nil
}

// open decrypts what seal gave for the same identity.
func (s *Sealer) open(sealed []byte, identity string) (string, error) {
	if s.why != nil {
		return "", s.why
	}
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return "", errors.New("lakekeys: a sealed secret is cut off")
	}
	secret, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(identity))
	if err != nil {
		return "", problem.NewCode(problem.ServiceUnavailable, textOtherKey.With("variable", KeyVariable)).Because(err)
	}
	return string(secret), nil
}
